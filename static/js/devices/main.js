/** The page of devices: starts its elements. */
import "telltale/theme.js";
import "telltale/devices/app.js";
