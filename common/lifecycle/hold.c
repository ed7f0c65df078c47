/* Protecting a release from retention, and letting it go. */
#include "lifecycle/private.h"

static int check_state(const struct release *release, struct gk_error *err)
{
	char label[RELEASE_LABEL_SIZE];

	if (release->state < RELEASE_RETIRING)
		return 0;
	return gk_error_set(err, GK_REFUSED, "%s is %s already: nothing is left to hold",
			    release_label(release, label), release_state_name(release->state));
}

int lifecycle_hold(struct lifecycle *lifecycle, const char *family, const struct semver *version,
		   const char *reason, struct release *ret, struct gk_error *err)
{
	_cleanup_(release_done) struct release release = {0};

	if (journal_get(lifecycle, family, version, &release, err) < 0)
		return -1;
	for (int round = 0; round < SAVE_ROUNDS; round++) {
		struct gk_error problem = {0};

		if (reason && check_state(&release, err) < 0)
			return -1;
		if (!gk_str_equal(release.held, reason) &&
		    (gk_str_set(&release.held, reason, err) < 0 ||
		     journal_save(lifecycle, &release, reason ? "held" : "let go", reason,
				  &problem) < 0)) {
			if (journal_retry(lifecycle, &release, &problem, err) < 0)
				return -1;
			continue;
		}
		*ret = release;
		release = (struct release){0};
		return 0;
	}
	return journal_gave_up(&release, err);
}
