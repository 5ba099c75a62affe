// The charts of figures. Their numbers also stand in the tables below them, so nothing is lost without the chart.
(() => {
  "use strict";

  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const text = () => ({ color: ink("--ink-3"), fontSize: 11 });
  const faint = "#98a1b0";
  // Told apart in grey as well: dark to light.
  const greys = ["#0b5c61", "#c2410c", "#5b8def", "#b8c0cc"];

  const axes = (labels, value) => ({
    animation: false,
    grid: { left: 48, right: 16, top: 16, bottom: 28 },
    xAxis: { type: "category", data: labels, axisLabel: text(), axisTick: { show: false }, axisLine: { lineStyle: { color: ink("--line-2") } } },
    yAxis: { type: "value", axisLabel: text(), splitLine: { lineStyle: { color: ink("--line") } }, ...value },
  });
  // Rich text is drawn into the chart: HTML tooltips need inline styles, which the content policy forbids.
  const tooltip = (say) => ({ trigger: "axis", renderMode: "richText", confine: true, formatter: (points) => say(points[0].dataIndex) });
  const share = (isShare) => (isShare ? { min: 0, max: 100, axisLabel: { ...text(), formatter: "{value}%" } } : {});

  const trend = (data) => ({
    ...axes(data.labels, share(data.isShare)),
    tooltip: tooltip((index) => `${data.labels[index]}\n${data.texts[index]}`),
    series: [
      {
        type: "line",
        data: data.values.map((value, index) => ({ value, itemStyle: { color: data.small[index] ? faint : ink("--accent") } })),
        symbol: "circle",
        symbolSize: 7,
        lineStyle: { color: ink("--accent"), width: 2 },
      },
    ],
  });

  const pareto = (data) => {
    const option = axes(data.labels, {});
    option.grid = { ...option.grid, right: 48, bottom: 64 };
    option.xAxis.axisLabel = { ...text(), interval: 0, rotate: data.labels.length > 6 ? 30 : 0, width: 84, overflow: "truncate" };
    option.yAxis = [option.yAxis, { type: "value", min: 0, max: 100, axisLabel: { ...text(), formatter: "{value}%" }, splitLine: { show: false } }];
    return {
      ...option,
      tooltip: tooltip((index) => `${data.labels[index]}\n${data.name}: ${data.values[index]}\n${data.cumulativeName}: ${data.cumulative[index]}%`),
      series: [
        { type: "bar", barMaxWidth: 44, data: data.values.map((value, index) => ({ value, itemStyle: { color: data.vital[index] ? ink("--accent") : faint } })) },
        { type: "line", yAxisIndex: 1, data: data.cumulative, symbolSize: 6, lineStyle: { color: ink("--ink-2"), width: 1.5 }, itemStyle: { color: ink("--ink-2") } },
      ],
    };
  };

  const control = (data) => {
    const line = (name, style) => ({ type: "line", name, data: data[name], symbol: "none", step: "middle", lineStyle: { width: 1.25, ...style } });
    const round = (value) => (value === null ? "–" : Math.round(value * 10) / 10);
    const option = axes(data.labels, { scale: true, ...(data.isShare ? { axisLabel: { ...text(), formatter: "{value}%" } } : {}) });
    return {
      ...option,
      tooltip: tooltip((index) =>
        [
          data.labels[index],
          `${data.name}: ${round(data.values[index])}`,
          ...["ucl", "center", "lcl"].map((name) => `${data.lineNames[name]}: ${round(data[name][index])}`),
          ...(data.signals[index] || []),
        ].join("\n"),
      ),
      series: [
        line("ucl", { color: ink("--late"), type: "dashed" }),
        line("center", { color: ink("--ink-3") }),
        line("lcl", { color: ink("--late"), type: "dashed" }),
        {
          type: "line",
          showAllSymbol: true,
          lineStyle: { color: ink("--accent"), width: 1.5 },
          data: data.values.map((value, index) => ({
            value,
            symbol: data.signals[index] ? "diamond" : "circle",
            symbolSize: data.signals[index] ? 11 : 5,
            itemStyle: { color: data.signals[index] ? ink("--late") : ink("--accent") },
          })),
        },
      ],
    };
  };

  const stages = (data) => ({
    ...axes(data.labels, { name: data.name, nameTextStyle: text() }),
    grid: { left: 48, right: 16, top: 44, bottom: 28 },
    legend: { type: "scroll", top: 0, left: 0, itemWidth: 12, itemHeight: 12, textStyle: { color: ink("--ink-2"), fontSize: 12 } },
    tooltip: tooltip((index) => [data.labels[index], ...data.series.map((each) => `${each.name}: ${each.values[index]}`)].join("\n")),
    series: data.series.map((each, index) => ({ type: "bar", stack: "days", name: each.name, barMaxWidth: 48, data: each.values, itemStyle: { color: greys[index], borderColor: "#fff", borderWidth: 1 } })),
  });

  const kinds = { pareto, control, stages };
  const charts = {};

  for (const box of document.querySelectorAll("[data-chart]")) {
    const data = JSON.parse(document.getElementById(box.dataset.chart).textContent);
    const option = (kinds[data.kind] || trend)(data);
    const chart = echarts.init(box, null, { renderer: "svg" });
    chart.setOption(option);
    window.addEventListener("resize", () => chart.resize());
    charts[box.dataset.chart] = { chart, option };
  }

  for (const button of document.querySelectorAll("[data-save-chart]")) {
    const shown = charts[button.dataset.saveChart];
    if (!shown) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
      // A picture needs a canvas: the same chart is drawn once more, out of sight.
      const canvas = echarts.init(document.createElement("div"), null, { renderer: "canvas", width: shown.chart.getWidth(), height: shown.chart.getHeight() });
      canvas.setOption(shown.option);
      const link = document.createElement("a");
      link.href = canvas.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: "#fff" });
      link.download = `${button.dataset.name}.png`;
      link.click();
      canvas.dispose();
    });
  }

  for (const all of document.querySelectorAll("[data-check-all]")) {
    all.addEventListener("change", () => {
      for (const box of document.getElementsByName(all.dataset.checkAll)) box.checked = all.checked;
    });
  }
})();
