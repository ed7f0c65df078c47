/*
 * What a release is for those who use its images: the ids by region, the version, the family, in
 * the forms that tools read. Pure.
 *
 * Every form has the same three facts, under the same names: ami_family, ami_version, ami_ids (a map
 * from region to id). Where a region has images of several architectures there is no ami_ids, but
 * ami_ids_by_architecture, a map of such maps; it is always there.
 *
 *   tfvars          JSON, for a file *.auto.tfvars.json of Terraform or OpenTofu
 *   pkrvars         HCL, for packer build -var-file (a file *.pkrvars.hcl)
 *   env             AMI_FAMILY=… AMI_VERSION=… AMI_ID_US_EAST_1=… ; AMI_ID too, where there is one
 *   ansible         YAML, for vars_files and --extra-vars @FILE
 *   cloudformation  a Mappings section: region, then architecture (with the signs that keys may have)
 */
#ifndef GK_IMAGE_HANDOUT_H
#define GK_IMAGE_HANDOUT_H

#include "image/release.h"

enum handout_format {
	HANDOUT_TFVARS,
	HANDOUT_PKRVARS,
	HANDOUT_ENV,
	HANDOUT_ANSIBLE,
	HANDOUT_CLOUDFORMATION,
};

/*
 * The text, ending in a newline; owned. Retired and retiring images are left out. NULL with err set:
 * GK_REFUSED, two images of one architecture in one region.
 */
char *handout_text(enum handout_format format, const struct release *release,
		   struct gk_error *err);

#endif
