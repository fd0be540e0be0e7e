/** The page of tokens and screens: starts its elements. */
import "telltale/theme.js";
import "telltale/tokens/app.js";
