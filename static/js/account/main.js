/** The page of one's own account: starts its elements. */
import "telltale/theme.js";
import "telltale/account/app.js";
