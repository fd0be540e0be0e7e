/** The one model of the page, and what the server wrote into it about who looks. */
import { Model } from "telltale/model.js";

export const model = new Model();
const { operator, user, demo } = document.body.querySelector("[data-user]").dataset;
export const me = { operator: operator === "true", user: user ?? "", demo: demo === "true" };
