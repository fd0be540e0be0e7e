/** The page of the system: starts its elements. */
import "telltale/theme.js";
import "telltale/system/app.js";
