/** The page of one device: starts its elements, then the model. */
import "telltale/theme.js";
import { model } from "telltale/context.js";
import "telltale/device/app.js";

model.start();
