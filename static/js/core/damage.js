/** What the server says of damage to its database, in words: {damaged, count, salvage: {done, total} or null}. */
import { t } from "telltale/core/words.js";

/** The text of the banner, or null where there is nothing to say. */
export function damageText(storage) {
  if (!storage?.damaged) return null;
  const { salvage } = storage;
  const share = salvage?.total ? Math.min(100, Math.floor((salvage.done / salvage.total) * 100)) : 0;
  if (salvage)
    return t("Part of the stored readings was damaged. New readings are kept; older ones are being saved: {share} %.", {
      share,
    });
  return t("Part of the stored readings was damaged. What could be verified is shown; the rest is missing, and drawn as a gap.");
}
