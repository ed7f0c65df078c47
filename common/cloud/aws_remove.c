#include <string.h>

#include "base/mem.h"
#include "cloud/aws_private.h"

/* A snapshot can stay in use by its image for minutes after that is gone (EC2 API Reference,
 * DeleteSnapshot). A denial is final: what is removed was tagged long ago, so that permissions which ask for its
 * tags see them. */
static const char *const delete_patience[] = {"InvalidSnapshot.InUse", NULL};

/* Passes of about two minutes each. */
enum { IN_USE_PASSES = 3 };

/* One DeregisterImage (snapshot is NULL) or DeleteSnapshot. */
struct removal_call {
	struct aws_call call;
	struct cloud_removal *removal;
	struct cloud_snapshot_removal *snapshot;
};

struct removal_call_list {
	struct removal_call *items;
	size_t count;
};

static void removal_call_list_done(struct removal_call_list *list)
{
	aws_items_done(list->items, list->count, sizeof(*list->items));
	*list = (struct removal_call_list){0};
}

static int run(struct aws_cloud *cloud, struct removal_call_list *list, struct gk_error *err)
{
	return aws_run_items(cloud, list->items, list->count, sizeof(*list->items), err);
}

static bool code_is(const struct aws_call *call, const char *const *codes)
{
	for (; *codes; codes++)
		if (strcmp(call->code, *codes) == 0)
			return true;
	return false;
}

static bool is_image_id(const char *id)
{
	return strncmp(id, "ami-", 4) == 0;
}

/* ---- images ---- */

static int add_deregistration(struct removal_call_list *list, struct cloud_removal *removal,
			      struct gk_error *err)
{
	struct removal_call *item = gk_array_add(&list->items, &list->count, sizeof(*item), err);

	if (!item)
		return -1;
	item->removal = removal;
	ec2_deregister_image(&item->call, removal->location, removal->id);
	return 0;
}

static struct cloud_snapshot_removal *find_snapshot(struct cloud_removal *removal, const char *id)
{
	for (size_t i = 0; i < removal->snapshot_count; i++)
		if (strcmp(removal->snapshots[i].id, id) == 0)
			return &removal->snapshots[i];
	return NULL;
}

static int set_outcome(struct cloud_snapshot_removal *snapshot, enum cloud_deletion outcome,
		       const char *reason, struct gk_error *err)
{
	snapshot->outcome = outcome;
	return gk_str_set(&snapshot->reason, reason, err);
}

/* EC2 API Reference, DeregisterImage: success, skipped (another image uses it), and codes of failure. */
static int note_deletion(struct cloud_removal *removal, const struct ec2_deletion *deletion,
			 struct gk_error *err)
{
	struct cloud_snapshot_removal *snapshot = find_snapshot(removal, deletion->snapshot);

	if (!snapshot)
		snapshot = cloud_removal_add_snapshot(removal, deletion->snapshot, err);
	if (!snapshot)
		return -1;
	if (strcmp(deletion->code, "success") == 0)
		return set_outcome(snapshot, CLOUD_DELETED, NULL, err);
	if (strcmp(deletion->code, "skipped") == 0)
		return set_outcome(snapshot, CLOUD_SHARED, "another image uses it", err);
	if (strcmp(deletion->code, "missing-permissions") == 0)
		return set_outcome(snapshot, CLOUD_LEFTOVER,
				   "missing-permissions (allow ec2:DeleteSnapshot on it)", err);
	return set_outcome(snapshot, CLOUD_LEFTOVER,
			   deletion->code[0] ? deletion->code : "DeregisterImage did not say why",
			   err);
}

/* Fills in the removal: its error if the image is still there, else what the answer says of its
 * snapshots. */
static int read_deregistration(const struct removal_call *item, struct gk_error *err)
{
	static const char *const gone[] = {"InvalidAMIID.NotFound", "InvalidAMIID.Unavailable",
					   NULL};
	_cleanup_(ec2_deletion_list_done) struct ec2_deletion_list list = {0};
	struct cloud_removal *removal = item->removal;

	removal->error = (struct gk_error){0};
	if (code_is(&item->call, gone))
		return 0;
	if (item->call.error.code != GK_OK) {
		removal->error = item->call.error;
		return 0;
	}
	if (ec2_read_deregistered(item->call.xml, &list, &removal->error) < 0) {
		gk_error_wrap(&removal->error, "DeregisterImage in %s", removal->location);
		return 0;
	}
	for (size_t i = 0; i < list.count; i++)
		if (note_deletion(removal, &list.items[i], err) < 0)
			return -1;
	return 0;
}

/* ---- snapshots ---- */

static bool is_in_use(const struct aws_call *call)
{
	return strcmp(call->code, "InvalidSnapshot.InUse") == 0;
}

/* Still held by the very image that was removed: nothing but time helps. */
static bool is_worth_waiting(const struct removal_call *item)
{
	size_t length = 0;

	return is_in_use(&item->call) && item->removal->id &&
	       !ec2_other_image(item->call.error.message, item->removal->id, &length);
}

static int read_deletion(const struct removal_call *item, struct gk_error *err)
{
	static const char *const gone[] = {"InvalidSnapshot.NotFound",
					   "InvalidSnapshotID.NotFound", NULL};
	const struct aws_call *call = &item->call;
	struct gk_error cause = call->error;
	_cleanup_free_ char *reason = NULL;
	const char *other = NULL;
	size_t length = 0;

	if (code_is(call, gone))
		return set_outcome(item->snapshot, CLOUD_DELETED, NULL, err);
	if (cause.code == GK_OK && ec2_read_done(call->xml, "DeleteSnapshot", &cause) == 0)
		return set_outcome(item->snapshot, CLOUD_DELETED, NULL, err);
	if (is_in_use(call))
		other = ec2_other_image(cause.message, item->removal->id, &length);
	if (!other)
		return set_outcome(item->snapshot, CLOUD_LEFTOVER, cause.message, err);
	reason = gk_str_format(err, "in use by %.*s", (int)length, other);
	return reason ? set_outcome(item->snapshot, CLOUD_SHARED, reason, err) : -1;
}

static int add_deletion(struct removal_call_list *list, struct cloud_removal *removal,
			struct cloud_snapshot_removal *snapshot, struct gk_error *err)
{
	struct removal_call *item = gk_array_add(&list->items, &list->count, sizeof(*item), err);

	if (!item)
		return -1;
	item->removal = removal;
	item->snapshot = snapshot;
	/* A leftover's image is long gone: it is in use by another one, or by time that is over. */
	item->call.patient_codes = removal->id ? delete_patience : NULL;
	item->call.patient_image = removal->id;
	ec2_delete_snapshot(&item->call, removal->location, snapshot->id);
	return 0;
}

/* Reads what is over, and asks again for the rest. */
static int read_deletions(const struct removal_call_list *list, bool last,
			  struct removal_call_list *again, struct gk_error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct removal_call *item = &list->items[i];
		int r = last || !is_worth_waiting(item)
				? read_deletion(item, err)
				: add_deletion(again, item->removal, item->snapshot, err);

		if (r < 0)
			return -1;
	}
	return 0;
}

static int delete_snapshots(struct aws_cloud *cloud, struct removal_call_list *list,
			    struct gk_error *err)
{
	for (int pass = 1; list->count; pass++) {
		_cleanup_(removal_call_list_done) struct removal_call_list done = *list;

		*list = (struct removal_call_list){0};
		if (run(cloud, &done, err) < 0 ||
		    read_deletions(&done, pass == IN_USE_PASSES, list, err) < 0)
			return -1;
	}
	return 0;
}

/* The image that is said to use a leftover, whose own image is not known here; else NULL. */
static const char *user_of_leftover(const struct cloud_removal *removal, size_t index)
{
	const struct cloud_snapshot_removal *snapshot = &removal->snapshots[index];

	if (removal->id || snapshot->outcome != CLOUD_SHARED || !snapshot->reason)
		return NULL;
	return strstr(snapshot->reason, "ami-");
}

static int ask_users(const struct cloud_removal *removal, struct cloud_look *look,
		     struct gk_error *err)
{
	for (size_t i = 0; i < removal->snapshot_count; i++) {
		const char *user = user_of_leftover(removal, i);

		if (user && !cloud_look_add_image(look, removal->location, user, err))
			return -1;
	}
	return 0;
}

static void read_users(struct cloud_removal *removal, const struct cloud_image **next)
{
	for (size_t i = 0; i < removal->snapshot_count; i++) {
		if (!user_of_leftover(removal, i))
			continue;
		if ((*next)->error.code != GK_OK || (*next)->status == CLOUD_ABSENT)
			removal->snapshots[i].outcome = CLOUD_LEFTOVER;
		(*next)++;
	}
}

/* Is what uses a leftover really there, or is it only its own image, gone but still remembered? */
static int confirm_shared(struct aws_cloud *cloud, struct cloud_removal *work, size_t count,
			  struct gk_error *err)
{
	_cleanup_(cloud_look_done) struct cloud_look look = {0};
	const struct cloud_image *next = NULL;

	for (size_t i = 0; i < count; i++)
		if (ask_users(&work[i], &look, err) < 0)
			return -1;
	if (look.image_count == 0)
		return 0;
	if (aws_cloud_look(&cloud->base, &look, err) < 0)
		return -1;
	next = look.images;
	for (size_t i = 0; i < count; i++)
		read_users(&work[i], &next);
	return 0;
}

/* ---- both ---- */

/* Nothing is gone until that was seen. */
static int prepare(struct cloud_removal *removal, struct gk_error *err)
{
	removal->error = (struct gk_error){0};
	if (removal->id)
		gk_error_set(&removal->error, GK_FAILED, "no answer was read");
	for (size_t i = 0; i < removal->snapshot_count; i++)
		if (set_outcome(&removal->snapshots[i], CLOUD_LEFTOVER, NULL, err) < 0)
			return -1;
	return 0;
}

/* Those of which nothing is known yet. */
static int add_unknown(struct removal_call_list *list, struct cloud_removal *removal,
		       struct gk_error *err)
{
	for (size_t i = 0; i < removal->snapshot_count; i++) {
		struct cloud_snapshot_removal *snapshot = &removal->snapshots[i];

		if (snapshot->outcome == CLOUD_LEFTOVER && !snapshot->reason &&
		    add_deletion(list, removal, snapshot, err) < 0)
			return -1;
	}
	return 0;
}

static int remove_images(struct aws_cloud *cloud, struct cloud_removal *work, size_t count,
			 struct gk_error *err)
{
	_cleanup_(removal_call_list_done) struct removal_call_list list = {0};

	for (size_t i = 0; i < count; i++) {
		if (work[i].id && !is_image_id(work[i].id))
			gk_error_set(&work[i].error, GK_FAILED, "\"%s\" is no id of the form ami-…",
				     work[i].id);
		else if (work[i].id && add_deregistration(&list, &work[i], err) < 0)
			return -1;
	}
	if (run(cloud, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		if (read_deregistration(&list.items[i], err) < 0)
			return -1;
	return 0;
}

int aws_cloud_remove(struct cloud *cloud, struct cloud_removal *work, size_t count,
		     struct gk_error *err)
{
	struct aws_cloud *self = (struct aws_cloud *)cloud;
	_cleanup_(removal_call_list_done) struct removal_call_list list = {0};

	for (size_t i = 0; i < count; i++)
		if (prepare(&work[i], err) < 0)
			return -1;
	if (remove_images(self, work, count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (work[i].error.code == GK_OK && add_unknown(&list, &work[i], err) < 0)
			return -1;
	if (delete_snapshots(self, &list, err) < 0)
		return -1;
	return confirm_shared(self, work, count, err);
}
