/** The one model of the page, and what the server wrote into it about who looks. */
import { Brokers } from "telltale/brokers.js";
import { Model } from "telltale/model.js";

export const model = new Model();
const { operator, user, demo } = document.body.querySelector("[data-user]").dataset;
/** The MQTT brokers; asked about for operators. */
export const brokers = new Brokers(model.api);
export const me = { operator: operator === "true", user: user ?? "", demo: demo === "true" };
