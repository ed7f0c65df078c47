/*
 * What a release is for those who use its images: the ids by region, the version, the family, in
 * the forms that tools read. Pure.
 *
 * Every form but text has the same facts, under the same names:
 *
 *   ami_family               "db/arm64"
 *   ami_version              "1.4.2", build metadata included
 *   ami_ids                  region -> id; left out if any region has images of several
 *                            architectures, which it could not tell apart
 *   ami_ids_by_architecture  architecture -> region -> id; always there
 *
 *   text            one line per image: region, id, architecture, with tabs between them
 *   tfvars          JSON, for -var-file or a file *.auto.tfvars.json of Terraform or OpenTofu
 *   pkrvars         HCL, for packer build -var-file (a file *.pkrvars.hcl)
 *   env             lines NAME=VALUE for a shell, systemd or docker --env-file: AMI_FAMILY,
 *                   AMI_VERSION, AMI_ID_US_EAST_1 (as ami_ids), AMI_ID_US_EAST_1_X86_64 (always),
 *                   and AMI_ID where there is one image in all
 *   ansible         YAML, for vars_files and --extra-vars @FILE
 *   cloudformation  JSON, a Mappings section to include: Ami (region, then architecture) and
 *                   AmiRelease (Release: Family, Version). Names of values may have letters and
 *                   digits only: the architecture x86_64 is x8664 there
 *
 * The order is that of the regions, then of the architectures, whatever the order of the images: the
 * same release gives the same text. An architecture that is not known is "unknown".
 *
 * Nothing is quoted for a shell or a template language, because nothing needs it: ids, regions and
 * so on with other signs than letters, digits and - _ . / : + are refused.
 */
#ifndef GK_IMAGE_HANDOUT_H
#define GK_IMAGE_HANDOUT_H

#include "image/release.h"

enum handout_format {
	HANDOUT_TEXT,
	HANDOUT_TFVARS,
	HANDOUT_PKRVARS,
	HANDOUT_ENV,
	HANDOUT_ANSIBLE,
	HANDOUT_CLOUDFORMATION,
};

/* By the name above. GK_USAGE naming those that there are. */
int handout_format_parse(const char *name, enum handout_format *ret, struct gk_error *err);

/* True if consumers can use the image: it is not disabled, retiring or retired. */
bool handout_has(const struct image *image);

/*
 * The text, ending in a newline; owned. Images that handout_has denies are left out. NULL with err
 * set: GK_REFUSED, a sign that no id has; for every form but text, two images of one architecture
 * in one region.
 */
char *handout_text(enum handout_format format, const struct release *release,
		   struct gk_error *err);

#endif
