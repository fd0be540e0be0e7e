/** The audit log: starts its elements. */
import "telltale/theme.js";
import "telltale/audit/app.js";
