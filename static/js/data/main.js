/** The data page: starts its elements. */
import "telltale/theme.js";
import "telltale/data/app.js";
