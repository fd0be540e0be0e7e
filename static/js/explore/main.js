/** The explore page: starts its elements, then reads what the address names. */
import "telltale/theme.js";
import "telltale/explore/app.js";
import { store } from "telltale/explore/store.js";

store.start();
