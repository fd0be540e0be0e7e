/** The page of a board: starts the elements, then the model. */
import "telltale/theme.js";
import { model } from "telltale/context.js";
import "telltale/boards/app.js";

model.start();
