/** The one model of the page, and what the server wrote into it about who looks. */
import { bindAddress } from "telltale/address.js";
import { Brokers } from "telltale/brokers.js";
import { Model } from "telltale/model.js";

const { operator, user, demo, patterns } = document.body.querySelector("[data-user]").dataset;
export const model = new Model(patterns ? JSON.parse(patterns) : undefined);
bindAddress(model);
/** The MQTT brokers; asked about for operators. */
export const brokers = new Brokers(model.api);
export const me = { operator: operator === "true", user: user ?? "", demo: demo === "true" };
