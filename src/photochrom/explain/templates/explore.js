// Shows the distribution of colours at the place under the pointer. Everything it needs is in the page.
(() => {
  const data = JSON.parse(document.getElementById("explored").textContent);
  const seen = document.querySelector(".seen"), ring = document.querySelector(".ring");
  const canvas = document.querySelector(".explore canvas"), told = document.querySelector(".explore output");
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const bins = new Uint16Array(bytes(data.bins).buffer), shares = bytes(data.shares), certain = bytes(data.confidence);
  const draw = canvas.getContext("2d"), side = canvas.width, unit = side / 220;
  let at = data.start;

  function show() {
    const [u, v] = at;
    ring.style.left = 100 * (data.box[0] + u * (data.box[2] - data.box[0])) + "%";
    ring.style.top = 100 * (data.box[1] + v * (data.box[3] - data.box[1])) + "%";
    const column = Math.min(data.width - 1, Math.floor(u * data.width));
    const place = Math.min(data.height - 1, Math.floor(v * data.height)) * data.width + column;
    draw.fillStyle = "#fff";
    draw.fillRect(0, 0, side, side);
    draw.strokeStyle = "#d2d0cb";
    draw.beginPath();
    draw.moveTo(side / 2, 0); draw.lineTo(side / 2, side); draw.moveTo(0, side / 2); draw.lineTo(side, side / 2);
    draw.stroke();
    draw.fillStyle = "#82807a";
    draw.font = "15px system-ui, sans-serif";
    draw.fillText("green", 4, side / 2 - 5); draw.fillText("red", side - 28, side / 2 - 5);
    draw.fillText("yellow", side / 2 + 5, 16); draw.fillText("blue", side / 2 + 5, side - 6);
    const lines = [];
    for (let i = 0; i < data.count; i++) {
      const share = shares[place * data.count + i] / 255, bin = bins[place * data.count + i];
      if (!share) continue;
      const [a, b] = data.colors[bin];
      draw.beginPath();
      draw.arc(side / 2 + a * unit, side / 2 - b * unit, Math.sqrt(share) * side * 0.17, 0, 7);
      draw.fillStyle = data.hex[bin];
      draw.fill();
      draw.strokeStyle = "#777";
      draw.stroke();
      if (lines.length < 4) {
        lines.push(`<span class="swatch" style="background:${data.hex[bin]}"></span>${Math.round(100 * share)} %`);
      }
    }
    told.innerHTML = `Confidence ${Math.round((100 * certain[place]) / 255)} %<br>` + lines.join("<br>");
  }

  function move(event) {
    const frame = seen.getBoundingClientRect();
    const x = (event.clientX - frame.left) / frame.width, y = (event.clientY - frame.top) / frame.height;
    const u = (x - data.box[0]) / (data.box[2] - data.box[0]), v = (y - data.box[1]) / (data.box[3] - data.box[1]);
    if (u >= 0 && u < 1 && v >= 0 && v < 1) { at = [u, v]; show(); }
  }

  seen.addEventListener("pointermove", move);
  seen.addEventListener("pointerdown", move);
  seen.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    at = [at[0] + step[0] / data.width, at[1] + step[1] / data.height].map((value) => Math.min(0.999, Math.max(0, value)));
    show();
  });
  show();
})();
