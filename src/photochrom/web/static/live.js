// Frames of a camera or a film to the server and back, one at a time: what can't be done in time is left out, not queued.

import { frame } from "/static/api.js";
import { dials } from "/static/dials.js";

const DIALS = ["strength", "vividness", "warmth", "tint"]; // what may change while it plays

const $ = (id) => document.getElementById(id);

// settings: as the server describes them.
export function live(settings) {
  const shown = settings.filter(({ name }) => DIALS.includes(name));
  const values = Object.fromEntries(shown.map((setting) => [setting.name, setting.default]));
  dials($("live-dials"), shown, (name, value) => { values[name] = value; }, "live").show(values);
  const video = $("live-video"), canvas = $("live-canvas"), shot = document.createElement("canvas");
  let running = 0, stream = null, place = "";

  async function stop() {
    running++;
    video.pause();
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    if (place) URL.revokeObjectURL(place);
    place = "";
    video.removeAttribute("src");
    video.srcObject = null;
    $("live-stop").disabled = true;
    $("live-status").textContent = "";
  }

  async function run() {
    const mine = ++running, name = crypto.getRandomValues(new Uint32Array(2)).join("-");
    $("live-stop").disabled = false;
    $("live-problem").textContent = "";
    await video.play();
    const times = [];
    while (mine === running) {
      if (!video.videoWidth) { await new Promise((resolve) => setTimeout(resolve, 50)); continue; }
      const begun = performance.now(), short = Number($("live-size").value);
      const scale = Math.min(1, short / Math.min(video.videoWidth, video.videoHeight));
      shot.width = Math.round(video.videoWidth * scale);
      shot.height = Math.round(video.videoHeight * scale);
      const pen = shot.getContext("2d", { willReadFrequently: true });
      pen.filter = "grayscale(1)";
      pen.drawImage(video, 0, 0, shot.width, shot.height);
      const jpeg = await new Promise((resolve) => shot.toBlob(resolve, "image/jpeg", 0.9));
      const bitmap = await createImageBitmap(await frame(jpeg, { stream: name, ...values }));
      if (mine !== running) break;
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
      canvas.getContext("2d").drawImage(bitmap, 0, 0);
      const now = performance.now();
      times.push(now);
      while (times.length > 1 && times[0] < now - 2000) times.shift();
      const rate = times.length > 1 ? (1000 * (times.length - 1)) / (now - times[0]) : 0;
      $("live-status").textContent = `${rate.toFixed(1)} frames/s, ${Math.round(now - begun)} ms behind`;
    }
  }

  function begin() {
    run().catch((error) => { stop(); $("live-problem").textContent = error.message; });
  }
  $("live-camera").addEventListener("click", async () => {
    await stop();
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 } }, audio: false });
    } catch (error) {
      $("live-problem").textContent = `the camera can't be used: ${error.message}`;
      return;
    }
    video.srcObject = stream;
    begin();
  });
  $("live-file").addEventListener("change", async (event) => {
    const file = event.target.files[0];
    event.target.value = "";
    if (!file) return;
    await stop();
    place = URL.createObjectURL(file);
    video.src = place;
    video.onerror = () => { if (place) { $("live-problem").textContent = "this browser can't play that film; photochrom film.mp4 may"; stop(); } };
    begin();
  });
  $("live-stop").addEventListener("click", stop);
  return { stop };
}
