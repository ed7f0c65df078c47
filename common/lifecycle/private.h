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
	/* Channels that are to name the release by promotion: how, and what each named when that
	 * was written down ("rollback 1.4.2", "promote" if it named nothing). */
	struct tag_list moves;
	bool no_run; /* moves and revoke are all: no run has steps left */
	struct policy policy;
	bool publish; /* its pointers may not be there yet */
	char *tfvars; /* file to be written; NULL if there is none */
	char *revoke; /* reason: the release is to be withdrawn; NULL if not */
};

void intent_done(struct intent *intent);
/* Owned text; NULL with err set. */
char *intent_to_json(const struct intent *intent, struct gk_error *err);
/* text NULL: an empty intent. */
int intent_from_json(const char *text, struct intent *ret, struct gk_error *err);
/* Puts the intent into the release, or none if nothing is wanted any more; nothing is saved.
 * Returns whether the release is other than before. */
int intent_keep(const struct intent *intent, struct release *release, struct gk_error *err);

int journal_save(struct lifecycle *lifecycle, struct release *release, const char *action,
		 const char *detail, struct gk_error *err);
int journal_insert(struct lifecycle *lifecycle, struct release *release, const char *action,
		   const char *detail, struct gk_error *err);
/* Reads a release. GK_NOT_FOUND. */
int journal_get(struct lifecycle *lifecycle, const char *family, const struct semver *version,
		struct release *ret, struct gk_error *err);
/* Reads the release again after a conflict. */
int journal_reload(struct lifecycle *lifecycle, struct release *release, struct gk_error *err);
/* After a save that failed with `problem`: reads the release anew if somebody else changed it
 * meanwhile, so that the caller decides anew (0); hands any other failure on (-1). */
int journal_retry(struct lifecycle *lifecycle, struct release *release,
		  const struct gk_error *problem, struct gk_error *err);
/* The failure of a caller that was interrupted SAVE_ROUNDS times. Returns -1. */
int journal_gave_up(const struct release *release, struct gk_error *err);
/* Writes down what a live release still wants, unless it wants something already. */
int journal_remember(struct lifecycle *lifecycle, struct release *release,
		     const struct intent *intent, struct gk_error *err);
/* Moves a channel from where it is (`now`, NULL if it does not exist) to where `to` says; `how`,
 * for the history, may be NULL. */
int journal_set_channel(struct lifecycle *lifecycle, const char *family,
			const struct channel *now, const struct channel *to, const char *how,
			struct gk_error *err);
/* Allocates the version of a release; see inventory_allocate. */
int journal_allocate(struct lifecycle *lifecycle, const struct version_request *request,
		     struct release *release, bool *ret_existing, struct gk_error *err);

/* ---- patience.c ---- */

/* How long to look again at what should be there: something new, something that was seen before, a
 * value that was written and is stored later. */
enum patience { PATIENCE_NEW, PATIENCE_SEEN, PATIENCE_STORED };
enum { PATIENCE_STORED_SECONDS = 60 };

/* Pauses before another look, longer each time: 0.5 s, 1 s, 2 s, 4 s, 8 s for what is new. Returns
 * false, without pausing, when patience has ended. `*round` counts from 0. */
bool patience_wait(struct lifecycle *lifecycle, int *round, enum patience patience,
		   const char *what);

/* ---- finish.c ---- */

/* Tags what is pending, reads it back, makes the release live, moves its channels. What does not
 * succeed is noted as incomplete. `ret_channels` gets all channels of the family as they are
 * then. Returns how many channels were moved; -1 only for what the
 * journal could not read or write. */
int finish_release(struct lifecycle *lifecycle, struct release *release,
		   const struct intent *intent, struct outcome *outcome,
		   struct channel_list *ret_channels, struct gk_error *err);

/* Forgets that the release is to be published, which was done, and tells the history as what
 * (outcome->published); the rest of its intent stays. */
int finish_publication(struct lifecycle *lifecycle, struct release *release,
		       const struct outcome *outcome, struct gk_error *err);

/* Only the tags: writes them on pending images and snapshots and reads them back. The release is
 * left alone; what does not succeed is noted as incomplete. */
int finish_tags(struct lifecycle *lifecycle, const struct release *release,
		const struct tag_list *extra, struct outcome *outcome, struct gk_error *err);

/* Forgets the intent of a release of whose run nothing is left to do; channels that are to name it
 * and a withdrawal are their own affair. */
int finish_intent(struct lifecycle *lifecycle, struct release *release, struct gk_error *err);

/* ---- release_look.c: what Packer made, as the provider shows it ---- */

/* Looks at all images of the order (but those that `recorded` lost already; may be NULL), waiting
 * for what is not visible yet; with it, in the same round, for tags of a family that the inventory
 * does not know. */
int release_look(struct lifecycle *lifecycle, const struct release_order *order,
		 const struct release *recorded, bool family_known, struct cloud_look *look,
		 struct gk_error *err);

/* Every image is there, ours, available, and the inventory is the right one. */
int release_check(struct lifecycle *lifecycle, const struct cloud_look *look, const char *family,
		  struct gk_error *err);

/* Tags that are there and tags that will be are no more, and no longer, than EC2 takes, on images
 * and on snapshots. `ret_snapshots` is the look at these. */
int release_check_tags(struct lifecycle *lifecycle, const struct release *release,
		       const struct cloud_look *images, const struct tag_list *extra,
		       struct cloud_look *ret_snapshots, struct gk_error *err);

/* ---- release_record.c ---- */

/* Gives the release its version and writes it down with everything that is needed to finish the
 * work, or joins the release that the run has already. *ret_changed: the inventory has something
 * new. *ret_existing: the run had a release. */
int release_record(struct lifecycle *lifecycle, const struct release_order *order,
		   const struct cloud_look *look, struct release *release,
		   struct intent *ret_intent, bool *ret_existing, bool *ret_changed,
		   struct gk_error *err);

/* ---- others.c: what earlier runs of the family left ---- */

/* Finishes one release before its retention, with its own intent. An image that was seen once and
 * is not there any more is given up, as long as another image of its account shows that we look
 * into the right one; a release that lost all its images before it was live is retired (rows only:
 * nothing is removed). Without `files` the file that it is to be written to, on its own machine, is
 * left alone; it stays wanted, unless a live release was built later. */
int others_finish_one(struct lifecycle *lifecycle, struct release *release, bool files,
		      struct outcome *outcome, struct gk_error *err);

/* All of them but the release of this run; what stays unfinished is a warning of this outcome. */
int others_finish(struct lifecycle *lifecycle, const struct release *own, struct outcome *outcome,
		  struct gk_error *err);

/* Forgets what the family's live releases, all but `own` (may be NULL), still wanted of retention:
 * a later retention that was completed stands for theirs. */
int others_supersede(struct lifecycle *lifecycle, const char *family, const struct release *own,
		     struct gk_error *err);

/* ---- channels.c ---- */

/* The family's channels as they are now, in place of what the list has. */
int channels_read(struct lifecycle *lifecycle, const char *family, struct channel_list *ret,
		  struct gk_error *err);

/* Moves `latest` (forwards only, never to a pre-release) and the named ones to the release.
 * `channels` is read from the inventory and follows the moves. Returns how many were moved. */
int channels_move(struct lifecycle *lifecycle, const struct release *release,
		  const struct gk_strv *names, struct channel_list *ret_channels,
		  struct gk_error *err);

/* Takes out of `names` the channels that a run after this release's took: they stay theirs. */
int channels_drop_taken(struct lifecycle *lifecycle, const struct release *release,
			struct gk_strv *names, struct gk_error *err);

/* Takes out of `names` the channels that named the release once and were moved on: a run that is
 * repeated does not undo that. */
int channels_drop_had(struct lifecycle *lifecycle, const struct release *release,
		      struct gk_strv *names, struct gk_error *err);

/* The names of the channels that point to a version, sorted. */
int channels_naming(const struct channel_list *channels, const struct semver *version,
		    struct gk_strv *ret, struct gk_error *err);

/* ---- moves.c: channels that are told to name a release ---- */

#define CHANNEL_LATEST "latest"
#define MOVE_PROMOTE "promote"
#define MOVE_ROLLBACK "rollback"
#define MOVE_REVOKE "revoke"

/* A channel on its way to a release. Borrowed. */
struct move {
	const char *channel;
	const char *how;    /* one of the words above */
	bool existed;       /* it named `from` when that was decided */
	struct semver from;
};

/* Refuses what no channel may name, or soon may not: GK_REFUSED with the state and the reason. */
int move_check(const struct release *release, const char *channel, struct gk_error *err);

/* Writes down with the release that the channel is to name it and what is to be published under
 * these templates, so that anyone can finish it. GK_REFUSED: see move_check. */
int move_write_down(struct lifecycle *lifecycle, struct release *release, const struct move *move,
		    const struct gk_strv *templates, struct gk_error *err);

/* Moves the channel; what other releases still wanted of it is forgotten first. Returns whether it
 * was moved, and did not name the release already.
 * GK_CONFLICT: it was moved meanwhile, and `from` is out of date. GK_REFUSED: no channel may name
 * the release any more. */
int move_carry_out(struct lifecycle *lifecycle, const struct release *release,
		   const struct move *move, struct gk_error *err);

/* Forgets that the channel is to name the release, if it is. */
int move_forget(struct lifecycle *lifecycle, struct release *release, const char *channel,
		struct gk_error *err);

/* Reads what an intent has of a channel; false if it has nothing. */
bool move_find(const struct intent *intent, const char *channel, struct move *ret);

/* The channels that a release is to be named by for one such word. */
int moves_by(const struct release *release, const char *how, struct gk_strv *ret,
	     struct gk_error *err);

/* Carries out all moves of an intent but those that somebody was ahead of: what they took stays
 * theirs. Returns how many channels were moved. */
int moves_carry_out(struct lifecycle *lifecycle, const struct release *release,
		    const struct intent *intent, struct gk_error *err);
int moves_forget(struct lifecycle *lifecycle, struct release *release,
		 const struct intent *intent, struct gk_error *err);

/* Warns of what is published for `before` through the channel and has no successor in `now`, which
 * has no image there or is not published under that name: it goes on naming the old image. */
int moves_warn_left(struct lifecycle *lifecycle, const struct release *before,
		    const struct release *now, const char *channel, struct outcome *outcome,
		    struct gk_error *err);

/* ---- publish.c ---- */

/* Brings the pointers of a release (release->published, for the channels that name it) to name its
 * images, and reads them back. If a channel has moved on meanwhile, or since a run that was not
 * finished (intent->publish), what it names now is published instead, so that the last writer
 * leaves the right one. What was read back is noted as published,
 * what was not as incomplete ("publish"). Returns how many were written; -1 only for what the
 * journal could not read, and if nothing could be tried. */
int publish_pointers(struct lifecycle *lifecycle, const struct release *release,
		     struct outcome *outcome, struct gk_error *err);

/* ---- publish_file.c ---- */

/* Writes the release's ids for Terraform, whole or not at all; `path` has {family} and {version}.
 * What is in the file already is not written again. Returns whether it was written; what failed is
 * noted as incomplete ("publish"). */
int publish_tfvars(struct lifecycle *lifecycle, const struct release *release, const char *path,
		   struct outcome *outcome, struct gk_error *err);

/* *ret_label ("web 1.4.3", owned) is set if a live release of the family was built after this one. */
int publish_find_newer(struct lifecycle *lifecycle, const struct release *release,
		       char **ret_label, struct gk_error *err);

/* All that a live release publishes: its pointers and, unless `tfvars` is NULL, its file. A file
 * that does not have {version} in its path is left alone, with a warning, if a live release of the
 * family was built later. Returns how much was written. */
int publish_release(struct lifecycle *lifecycle, const struct release *release, const char *tfvars,
		    struct outcome *outcome, struct gk_error *err);

/* ---- revoke.c ---- */

/* Everything that is left of a withdrawal that was written down (intent->revoke). */
int revoke_finish(struct lifecycle *lifecycle, struct release *release, const char *reason,
		  struct outcome *outcome, struct gk_error *err);

/* ---- duplicate.c: a run whose inputs a live release was made from ---- */

/* If a live release can stand in for what the order's run made, has the images discarded in its
 * favour; *ret_settled tells that the outcome is that release then. `look` is what was seen of the
 * images; without it (NULL) only a discard that was begun before is gone on with, or found to be
 * done: these images may be gone. -1: nothing was recorded. */
int duplicate_settle(struct lifecycle *lifecycle, const struct release_order *order,
		     const struct cloud_look *look, struct outcome *outcome, bool *ret_settled,
		     struct gk_error *err);

/* Live, and neither withdrawn nor about to be. */
bool duplicate_stands(const struct release *release);

/* Sets *ret_reason (owned) if a release of the family but `except` (may be NULL) records one of the
 * images that were made: tags may not tell yet. */
int duplicate_find_record(struct lifecycle *lifecycle, const char *family,
			  const struct release *made, const struct semver *except,
			  char **ret_reason, struct gk_error *err);

/* Events that tell of a discard: DISCARDING when images are written down as retiring, DISCARDED when they
 * are gone and forgotten. The detail of both is the same, see discard_detail. */
#define DISCARDING "discarding"
#define DISCARDED "discarded"
enum { DISCARD_EVENTS = 200 }; /* so far back they are looked for */

/* "run RUN: ID ID …"; owned. */
char *discard_detail(const char *run, const struct release *images, struct gk_error *err);
/* True if such a text names the image. */
bool discard_names(const char *detail, const char *id);

/* ---- discard.c: images that are removed in favour of a release made from the same inputs ---- */

/*
 * Removes the images of a release that are retiring while it stays, run by run, whole or not at
 * all, and forgets them once they are gone; their ids are added to outcome->discarded. What stays
 * is noted as incomplete ("discard"), with the reason. A discard of which nothing was done yet is
 * taken back, with a warning, if the release cannot stand in for the images any more (withdrawn, or
 * its own images are gone), or if they are another release's by now. `policy` NULL: its defaults.
 */
int discard_finish(struct lifecycle *lifecycle, struct release *release,
		   const struct policy *policy, struct outcome *outcome, struct gk_error *err);

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

/* Looks at the images of these releases and at what uses them, and adds facts. A doubt, as opposed
 * to a finding, is noted in the outcome too. `look` keeps what was seen. */
int retention_look(struct retention *retention, struct release *const *releases, size_t count,
		   struct cloud_look *look, struct outcome *outcome, struct gk_error *err);

/* Reasons found for a release; NULL if none. */
const struct plan_facts *retention_facts(const struct retention *retention,
					 const struct semver *version);

/* Claims, looks again, removes and records these releases, oldest first; also leftovers. */
int retention_remove(struct retention *retention, struct release *const *releases, size_t count,
		     struct outcome *outcome, struct gk_error *err);

/* The policy on a family, as the last step of a release or alone. `current` is the release of this
 * run; NULL if there is none. `as_of_current`: the policy is that of an earlier run, and what was
 * built after it is left alone. */
int retention_run(struct lifecycle *lifecycle, const char *family, const struct policy *policy,
		  const struct release *current, bool as_of_current, struct outcome *outcome,
		  struct gk_error *err);

/* ---- look.c ---- */

/* True if an image of that account was seen in that location; or in another one, if no witness (an
 * image that stays) is missed there. An absent image or snapshot is believed to be gone only then:
 * with the credentials of another account everything would look gone. */
bool look_sees_account(const struct cloud_look *look, const char *location, const char *account);

/* Says what of an image does not show its tags, or NULL if all of it does. */
const char *look_missing_tags(const struct cloud_look *look, const struct image *image,
			      const struct tag_list *tags);

/* Adds a recorded image and its snapshots. */
int look_add_recorded(struct cloud_look *look, const struct image *image, struct gk_error *err);

/* Adds the images of the family's newest live release but `except` (NULL: none), unless they are in
 * the look already, so that seeing them proves the account. */
int look_add_witnesses(struct lifecycle *lifecycle, const char *family,
		       const struct semver *except, struct cloud_look *look, struct gk_error *err);

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
