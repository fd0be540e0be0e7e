/** The page of one series: starts its elements, then the model. */
import "telltale/theme.js";
import { model } from "telltale/context.js";
import "telltale/series/app.js";

model.start();
