/** Images for floor plans: made small enough in the browser, whatever was chosen, then uploaded. */
import { pageUrl } from "telltale/api.js";
import { t } from "telltale/core/words.js";

/** Bytes that the server takes, and the longest side that a plan needs. */
const MOST = 1 << 20;
const SIDE = 2_560;
const GOOD = new Set(["image/png", "image/jpeg", "image/webp"]);

/** Upload a file; resolves to the id of the image. Throws Error with words for people. */
export async function uploadImage(file, api) {
  const body = GOOD.has(file.type) && file.size <= MOST ? file : await reduced(file);
  const response = await fetch(pageUrl("/api/images"), {
    method: "POST",
    body,
    headers: { "Content-Type": body.type },
    redirect: "error",
  });
  if (response.status === 401) api.onEnded();
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Error(answer?.error?.message ?? t("The server answered {status}.", { status: response.status }));
  return answer.id;
}

/** The picture as a WebP or JPEG of at most MOST bytes. An SVG becomes one too: its scripts stay behind. */
async function reduced(file) {
  const image = await decoded(file);
  for (let side = SIDE; side >= 640; side = Math.floor(side * 0.75)) {
    const [width, height] = [image.naturalWidth || 1600, image.naturalHeight || 1200];
    const scale = file.type === "image/svg+xml" ? side / Math.max(width, height) : Math.min(1, side / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    const context = canvas.getContext("2d");
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => {
      canvas.toBlob(done, "image/webp", 0.9);
    });
    if (blob && GOOD.has(blob.type) && blob.size <= MOST) return blob;
  }
  throw new Error(t("This image cannot be made small enough."));
}

/** Read as data: the page's policy shows an image from nowhere else but the server. */
async function decoded(file) {
  const data = await new Promise((done, failed) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => done(reader.result));
    reader.addEventListener("error", () => failed(new Error(t("This file cannot be read."))));
    reader.readAsDataURL(file);
  });
  const image = new Image();
  image.src = data;
  try {
    await image.decode();
  } catch {
    throw new Error(t("This file is no image that the browser can show."));
  }
  return image;
}
