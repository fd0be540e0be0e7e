/** The page of people: starts its elements. */
import "telltale/theme.js";
import "telltale/people/app.js";
