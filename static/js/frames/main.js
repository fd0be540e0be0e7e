/** The page of a device's messages: starts its elements. */
import "telltale/theme.js";
import "telltale/frames/app.js";
