// The charts of figures. Their numbers also stand in the tables below them, so nothing is lost without the chart.
(() => {
  "use strict";

  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const text = () => ({ color: ink("--ink-3"), fontSize: 11 });
  const faint = "#98a1b0";
  // Told apart in grey as well: dark to light.
  const greys = ["#0b5c61", "#c2410c", "#5b8def", "#b8c0cc", "#3b2a5c"];

  // From little to much, told apart in grey as well.
  const rising = ["#efb48a", "#dd7f45", "#c2410c", "#8a2c0a", "#4a1705"];

  const axes = (labels, value) => ({
    animation: false,
    grid: { left: 48, right: 16, top: 16, bottom: 28 },
    xAxis: { type: "category", data: labels, axisLabel: text(), axisTick: { show: false }, axisLine: { lineStyle: { color: ink("--line-2") } } },
    yAxis: { type: "value", axisLabel: text(), splitLine: { lineStyle: { color: ink("--line") } }, ...value },
  });
  // A column without its name says nothing: names are cut and turned rather than left out, while there is room.
  const withEveryLabel = (option) => {
    const count = option.xAxis.data.length;
    const rotate = count * 40 > window.innerWidth ? 90 : count * 110 > window.innerWidth ? 30 : 0;
    option.xAxis.axisLabel = { ...text(), interval: 0, hideOverlap: true, rotate, width: 84, overflow: "truncate" };
    option.grid = { ...option.grid, bottom: { 0: 28, 30: 64, 90: 92 }[rotate] };
    return option;
  };
  // Rich text is drawn into the chart: HTML tooltips need inline styles, which the content policy forbids.
  const tooltip = (say) => ({ trigger: "axis", renderMode: "richText", confine: true, formatter: (points) => say(points[0].dataIndex) });
  const share = (isShare) => (isShare ? { min: 0, max: 100, axisLabel: { ...text(), formatter: "{value}%" } } : {});

  const trend = (data) => ({
    ...axes(data.labels, share(data.isShare)),
    ...(data.before.length || data.target.length
      ? { grid: { left: 48, right: 16, top: 36, bottom: 28 }, legend: { type: "scroll", top: 0, left: 0, itemWidth: 18, itemHeight: 8, textStyle: { color: ink("--ink-2"), fontSize: 12 } } }
      : {}),
    tooltip: tooltip((index) =>
      [
        data.labels[index],
        data.texts[index],
        ...[
          [data.beforeName, data.before],
          [data.targetName, data.target],
        ].flatMap(([name, line]) => (line.length && line[index] !== null ? [`${name}: ${Math.round(line[index] * 10) / 10}`] : [])),
      ].join("\n"),
    ),
    series: [
      ...(data.before.length ? [{ type: "line", name: data.beforeName, data: data.before, symbol: "none", color: faint, lineStyle: { color: faint, width: 1.5, type: "dotted" } }] : []),
      ...(data.target.length ? [{ type: "line", name: data.targetName, data: data.target, symbol: "none", color: ink("--today"), lineStyle: { color: ink("--today"), width: 1.5, type: "dashed" } }] : []),
      {
        type: "line",
        name: data.name,
        color: ink("--accent"),
        data: data.values.map((value, index) => ({ value, itemStyle: { color: data.small[index] ? faint : ink("--accent") } })),
        symbol: "circle",
        symbolSize: 7,
        lineStyle: { color: ink("--accent"), width: 2 },
      },
    ],
  });

  const pareto = (data) => {
    const option = withEveryLabel(axes(data.labels, {}));
    option.grid = { ...option.grid, right: 48 };
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
    ...withEveryLabel({ ...axes(data.labels, { name: data.name, nameTextStyle: text() }), grid: { left: 48, right: 16, top: 60 } }),
    legend: { type: "scroll", top: 0, left: 0, itemWidth: 12, itemHeight: 12, textStyle: { color: ink("--ink-2"), fontSize: 12 } },
    tooltip: tooltip((index) => [data.labels[index], ...data.series.map((each) => `${each.name}: ${each.values[index]}`)].join("\n")),
    series: [
      ...data.series.map((each, index) => ({ type: "bar", stack: "days", name: each.name, barMaxWidth: 48, data: each.values, itemStyle: { color: (data.isRising ? rising : greys)[index], borderColor: "#fff", borderWidth: 1 } })),
      ...((data.planned || []).some((value) => value !== null)
        ? [{ type: "line", name: data.plannedName, data: data.planned, color: ink("--ink"), itemStyle: { borderColor: "#fff", borderWidth: 1 }, lineStyle: { width: 0 }, symbol: "rect", symbolSize: [28, 5] }]
        : []),
    ],
  });

  // Darker is worse; the number stands in each cell, so nothing hangs on the colour.
  const heat = (data) => {
    const worst = data.isGood ? 0 : 100;
    return {
      animation: false,
      grid: { left: 8, right: 8, top: 8, bottom: 8, containLabel: true },
      xAxis: { type: "category", data: data.columns, axisLabel: text(), axisTick: { show: false }, splitArea: { show: false } },
      yAxis: { type: "category", data: data.labels, inverse: true, axisLabel: { ...text(), width: 96, overflow: "truncate" }, axisTick: { show: false } },
      visualMap: { show: false, min: 0, max: 100, dimension: 2, inRange: { color: worst ? ["#eef6f6", "#0b5c61"] : ["#0b5c61", "#eef6f6"] } },
      tooltip: { renderMode: "richText", confine: true, formatter: ({ value }) => `${data.labels[value[1]]} · ${data.columns[value[0]]}\n${value[2]}${data.unit} (${value[3]})` },
      series: [
        {
          type: "heatmap",
          data: data.cells.map((cell) => ({ value: cell, label: { color: Math.abs(cell[2] - worst) < 50 ? "#fff" : ink("--ink") } })),
          label: { show: data.columns.length * 44 < window.innerWidth, fontSize: 11, formatter: ({ value }) => Math.round(value[2]) },
          itemStyle: { borderColor: "#fff", borderWidth: 1 },
        },
      ],
    };
  };

  const load = (data) => ({
    ...withEveryLabel(axes(data.labels, { axisLabel: { ...text(), formatter: "{value}%" } })),
    tooltip: tooltip((index) => `${data.labels[index]}\n${data.name}: ${data.values[index]}%`),
    series: [
      {
        type: "bar",
        barMaxWidth: 36,
        data: data.values.map((value) => ({ value, itemStyle: { color: value > 100 ? ink("--late") : ink("--accent") } })),
        markLine: { silent: true, symbol: "none", label: { formatter: "100%", position: "insideEndTop", color: ink("--ink-2") }, lineStyle: { color: ink("--ink-2"), type: "dashed" }, data: [{ yAxis: 100 }] },
      },
    ],
  });

  const kinds = { pareto, control, stages, heat, load };
  const charts = {};

  for (const box of document.querySelectorAll("[data-chart]")) {
    if (box.dataset.rows) box.classList.add(box.dataset.rows > 18 ? "is-tallest" : box.dataset.rows > 8 ? "is-tall" : "is-low");
    const data = JSON.parse(document.getElementById(box.dataset.chart).textContent);
    const option = (kinds[data.kind] || trend)(data);
    const chart = echarts.init(box, null, { renderer: "svg" });
    chart.setOption(option);
    window.addEventListener("resize", () => window.matchMedia("print").matches || chart.resize());
    // Paper is narrower than the screen (680 px fit A4 upright), and does not wait for the next frame.
    window.addEventListener("beforeprint", () => {
      chart.resize({ width: Math.min(680, box.clientWidth) });
      chart.getZr().flush();
    });
    window.addEventListener("afterprint", () => chart.resize());
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
