/** The roles of people and programs, as they are shown. */
import { t } from "telltale/core/words.js";

export const ROLES = ["viewer", "operator", "admin"];

/** What a role is called. */
export const roleName = (role) => ({ viewer: t("Viewer"), operator: t("Operator"), admin: t("Admin") })[role] ?? role;

/** What it may do. */
export const roleMeans = (role) =>
  ({
    viewer: t("sees everything"),
    operator: t("also changes data, boards and devices"),
    admin: t("also decides who may do what"),
  })[role] ?? "";
