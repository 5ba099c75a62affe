// The trend of a figure. Its numbers also stand in the table below it, so nothing is lost without the chart.
(() => {
  "use strict";

  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const draw = (box) => {
    const data = JSON.parse(document.getElementById(box.dataset.chart).textContent);
    const chart = echarts.init(box, null, { renderer: "svg" });
    const text = { color: ink("--ink-3"), fontSize: 11 };
    chart.setOption({
      animation: false,
      grid: { left: 44, right: 12, top: 12, bottom: 28 },
      // Rich text is drawn into the chart: HTML tooltips need inline styles, which the content policy forbids.
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        confine: true,
        formatter: (points) => `${data.labels[points[0].dataIndex]}\n${data.texts[points[0].dataIndex]}`,
      },
      xAxis: { type: "category", data: data.labels, axisLabel: text, axisTick: { show: false }, axisLine: { lineStyle: { color: ink("--line-2") } } },
      yAxis: {
        type: "value",
        min: data.isShare ? 0 : undefined,
        max: data.isShare ? 100 : undefined,
        axisLabel: { ...text, formatter: data.isShare ? "{value}%" : "{value}" },
        splitLine: { lineStyle: { color: ink("--line") } },
      },
      series: [
        {
          type: "line",
          data: data.values.map((value, index) => ({
            value,
            itemStyle: { color: data.small[index] ? "#98a1b0" : ink("--accent") },
          })),
          symbol: "circle",
          symbolSize: 7,
          lineStyle: { color: ink("--accent"), width: 2 },
        },
      ],
    });
    window.addEventListener("resize", () => chart.resize());
  };

  for (const box of document.querySelectorAll("[data-chart]")) draw(box);
})();
