/* Reads a code with the camera: by the browser's own means where it has them, else with a reader that is loaded then
   (static/vendor/qr). Pictures are looked at and forgotten. */
"use strict";

const Scan = (() => {
  const EVERY_MS = 150;
  const WIDE = 640; // pixels of a picture that is looked at
  const KINDS = ["qr_code", "data_matrix", "code_128", "code_39", "ean_13", "itf"];
  const CAMERA = { audio: false, video: { facingMode: "environment", width: { ideal: 1280 } } };

  let camera = null;
  let turn = 0; // of the scanning that goes on: an older one ends

  const can = () => Boolean(navigator.mediaDevices && navigator.mediaDevices.getUserMedia);

  /* Of a video: the texts of the codes that are in its picture now. */
  async function reader(address) {
    if ("BarcodeDetector" in window) {
      const known = await BarcodeDetector.getSupportedFormats();
      const formats = KINDS.filter((kind) => known.includes(kind));
      const own = formats.includes("qr_code") && new BarcodeDetector({ formats });
      if (own) return async (video) => (await own.detect(video)).map(({ rawValue }) => rawValue);
    }
    const { decodeQR } = await import(address);
    const paper = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    return async (video) => {
      const { canvas } = paper;
      canvas.width = Math.min(WIDE, video.videoWidth);
      canvas.height = Math.round(canvas.width * video.videoHeight / video.videoWidth);
      paper.drawImage(video, 0, 0, canvas.width, canvas.height);
      try {
        return [decodeQR(paper.getImageData(0, 0, canvas.width, canvas.height))];
      } catch {
        return []; // there is none in this picture
      }
    };
  }

  /* Until `found` takes a text (it says so), or it is stopped. Rejects without a camera. */
  async function begin(video, found) {
    stop();
    const own = turn;
    const opened = await navigator.mediaDevices.getUserMedia(CAMERA);
    if (own !== turn) return release(opened);
    camera = opened;
    video.srcObject = camera;
    await video.play();
    const read = await reader(video.dataset.reader);
    while (own === turn) {
      const texts = video.videoWidth ? await read(video).catch(() => []) : [];
      if (own === turn && texts.some((text) => found(text))) stop();
      await new Promise((resolve) => { setTimeout(resolve, EVERY_MS); });
    }
    return undefined;
  }

  const release = (opened) => opened.getTracks().forEach((track) => track.stop());

  function stop() {
    turn += 1;
    if (camera) release(camera);
    camera = null;
  }

  window.addEventListener("pagehide", stop);

  return { can, begin, stop };
})();
