/* What the files that carry out removals share: claiming, the work, recording. */
#ifndef GK_LIFECYCLE_REMOVAL_H
#define GK_LIFECYCLE_REMOVAL_H

#include "lifecycle/private.h"

/* One release on its way out. */
struct departure {
	struct release *release;   /* the retention's */
	enum release_state before; /* the state to go back to */
	bool claimed;              /* written down as retiring */
};

/* Takes the claim back: release and images are as before. */
void departure_restore(struct departure *departure);

struct departures {
	struct departure *items;
	size_t count;
};

/* Notes at the last moment why a release stays after all. */
int departure_block(struct retention *retention, const struct release *release, const char *reason,
		    struct gk_error *err);

/* Deregistrations and snapshot deletions, all regions together. Locations and ids are the work's
 * own: a release that is read again loses the strings it had. */
struct work {
	struct cloud_removal *removals;
	size_t count;
	struct gk_strv texts;
};

void work_done(struct work *work);

/* An image that was looked at, with the snapshots that it has now: those that are not recorded yet
 * are added to it, and are to be written down before the work is done. Of one that is gone what is
 * left of its snapshots. */
int work_add_image(struct work *work, const struct release *release, struct image *image,
		   const struct cloud_look *look, bool *ret_new_snapshots, struct gk_error *err);

/* Brings what became of an image into it, and notes what stays. Returns 1 if it was deregistered.
 */
int work_record_image(const struct work *work, const struct release *release, struct image *image,
		      struct outcome *outcome, struct gk_error *err);

/* What is to be removed of the claimed releases and of the leftovers, from what was seen a moment
 * ago. Snapshots that are not recorded yet are recorded first. */
int work_build(struct retention *retention, struct departures *departures,
	       const struct cloud_look *look, struct work *work, struct gk_error *err);

/* Writes down what became of it, and notes what stays. */
int work_record(struct retention *retention, struct departures *departures,
		const struct work *work, struct outcome *outcome, struct gk_error *err);

#endif
