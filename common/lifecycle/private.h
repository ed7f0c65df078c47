/* What the files of the lifecycle share; nobody else includes it. */
#ifndef GK_LIFECYCLE_PRIVATE_H
#define GK_LIFECYCLE_PRIVATE_H

#include "base/mem.h"
#include "lifecycle/lifecycle.h"

/* Saves over and over against concurrent changes of the same release are bounded. */
enum { SAVE_ROUNDS = 100 };

/* ---- journal.c: the only place that writes to the inventory ---- */

/* What an unfinished release still wants, kept with it as JSON until all of it is done. */
struct intent {
	struct gk_strv channels;
	struct tag_list tags;
	struct policy policy;
};

void intent_done(struct intent *intent);
/* Owned text; NULL with err set. */
char *intent_to_json(const struct intent *intent, struct gk_error *err);
/* text NULL: an empty intent. */
int intent_from_json(const char *text, struct intent *ret, struct gk_error *err);

int journal_save(struct lifecycle *lifecycle, struct release *release, const char *action,
		 const char *detail, struct gk_error *err);
int journal_insert(struct lifecycle *lifecycle, struct release *release, const char *action,
		   const char *detail, struct gk_error *err);
/* Reads the release again after a conflict. */
int journal_reload(struct lifecycle *lifecycle, struct release *release, struct gk_error *err);
int journal_set_channel(struct lifecycle *lifecycle, const char *family, const char *name,
			const struct semver *from, const struct semver *to, struct gk_error *err);
/* Allocates, or in a dry run predicts, the version of a release; see inventory_allocate. */
int journal_allocate(struct lifecycle *lifecycle, const struct version_request *request,
		     struct release *release, bool *ret_existing, struct gk_error *err);

/* ---- patience.c ---- */

/* Pauses between looks at something that should be there in a moment: 0.5 s, 1 s, 2 s, 4 s, 8 s. Returns
 * false, without pausing, when the patience is at an end. */
bool patience_wait(struct lifecycle *lifecycle, int *round, const char *what);

/* ---- finish.c ---- */

/* Tags what is pending, reads it back, makes the release live, moves its channels. What does not
 * succeed is noted as incomplete. `ret_channels` gets all channels of the family as they are then (in a
 * dry run: as they would be). -1 only for what the journal could not read or write. */
int finish_release(struct lifecycle *lifecycle, struct release *release,
		   const struct intent *intent, struct outcome *outcome,
		   struct channel_list *ret_channels, struct gk_error *err);

/* Forgets the intent of a release of which nothing is left to do. */
int finish_intent(struct lifecycle *lifecycle, struct release *release, struct gk_error *err);

/* ---- others.c: what earlier runs of the family left ---- */

/* Finishes one release that is pending or has pending images, with its own intent. An image that is not
 * there any more is noted as incomplete; a release that lost all its images before it was live is given up
 * (a row only) if `account` (NULL: unknown) proves that we look into the right account. */
int others_finish_one(struct lifecycle *lifecycle, struct release *release, const char *account,
		      struct outcome *outcome, struct gk_error *err);

/* All of them but the release of this run; what stays unfinished is a warning of this outcome. */
int others_finish(struct lifecycle *lifecycle, const struct release *own, struct outcome *outcome,
		  struct gk_error *err);

/* Forgets the intents of the family's other releases that are live: a completed retention of this
 * run stands for theirs. */
int others_supersede(struct lifecycle *lifecycle, const struct release *own,
		     struct gk_error *err);

/* ---- channels.c ---- */

/* Moves `latest` (forwards only, never to a pre-release) and the named ones to the release. `channels` is
 * read from the inventory and follows the moves. */
int channels_move(struct lifecycle *lifecycle, const struct release *release,
		  const struct gk_strv *names, struct channel_list *ret_channels,
		  struct gk_error *err);

/* The names of the channels that point to a version, sorted. */
int channels_naming(const struct channel_list *channels, const struct semver *version,
		    struct gk_strv *ret, struct gk_error *err);

/* ---- retain.c, retain_look.c, retain_remove.c ---- */

/* A retention run over one family, from the list of releases to the last record. */
struct retention {
	struct lifecycle *lifecycle;
	const char *family;
	const struct policy *policy;
	const char *run;             /* NULL outside `release` */
	time_t now;
	struct release_list releases;
	struct release_list leftovers; /* retired ones with snapshots left */
	struct channel_list channels;
	struct plan_facts *facts;
	size_t facts_count;
	struct plan plan;
};

void retention_done(struct retention *retention);

/* Looks at the images of these releases and at what uses them, and adds facts. A doubt, as opposed to a
 * finding, is noted in the outcome too. `look` keeps what was seen. */
int retention_look(struct retention *retention, struct release *const *releases, size_t count,
		   struct cloud_look *look, struct outcome *outcome, struct gk_error *err);

/* Reasons found for a release; NULL if none. */
const struct plan_facts *retention_facts(const struct retention *retention,
					 const struct semver *version);

/* Claims, looks again, removes and records these releases, oldest first; also leftovers. */
int retention_remove(struct retention *retention, struct release *const *releases, size_t count,
		     struct outcome *outcome, struct gk_error *err);

/* The policy on a family, as the last step of a release or alone. `current` is the release of this run;
 * NULL if there is none. `channels` are those that a dry run imagines; NULL: the inventory's. */
int retention_run(struct lifecycle *lifecycle, const char *family, const struct policy *policy,
		  const struct release *current, const struct channel_list *channels,
		  struct outcome *outcome, struct gk_error *err);

/* ---- look.c ---- */

/* True if an image of that account was seen in that location; or in another one, if no witness (an
 * image that stays) is missed there. An absent image or snapshot is believed to be gone only then:
 * with the credentials of another account everything would look gone. */
bool look_sees_account(const struct cloud_look *look, const char *location, const char *account);

/* Fills an empty image with what was seen of it; its state is pending. */
int image_from_cloud(struct image *image, const struct cloud_image *seen, struct gk_error *err);

/* Finds what the look says of an image; NULL if it was not asked. */
const struct cloud_image *look_image(const struct cloud_look *look, const char *location,
				     const char *id);
const struct cloud_snapshot *look_snapshot(const struct cloud_look *look, const char *location,
					   const char *id);
const struct cloud_usage *look_usage(const struct cloud_look *look, const char *location,
				     const char *id);

#endif
