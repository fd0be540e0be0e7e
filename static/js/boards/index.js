/** The page of all boards: starts its elements. */
import "telltale/theme.js";
import "telltale/boards/list.js";
