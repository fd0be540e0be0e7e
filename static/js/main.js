/** The dashboard page: starts the elements, then the model. */
import "telltale/theme.js";
import { model } from "telltale/context.js";
import "telltale/ui/app.js";

model.start();
