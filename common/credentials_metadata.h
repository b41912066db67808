/* credentials_metadata.h -- the access key of a machine's role, from the metadata service of its cloud. */
#ifndef GPM_CREDENTIALS_METADATA_H
#define GPM_CREDENTIALS_METADATA_H

struct credentials;
struct err;

/* credentials_metadata(alibaba, out, e): of AWS (IMDSv2), or of Alibaba's ECS (its hardened mode).  1; 0 when it was
 * turned off, or nobody answers, or the machine has no role; -1 with ERR_CREDENTIALS for an answer that is none.
 * In the environment, as AWS's tools have it: AWS_EC2_METADATA_DISABLED, AWS_EC2_METADATA_SERVICE_ENDPOINT,
 * AWS_METADATA_SERVICE_TIMEOUT (seconds for each request, 1), AWS_METADATA_SERVICE_NUM_ATTEMPTS (1); as Alibaba's have it:
 * ALIBABA_CLOUD_ECS_METADATA_DISABLED, ALIBABA_CLOUD_ECS_METADATA (the role's name); and
 * ALIBABA_CLOUD_ECS_METADATA_SERVICE_ENDPOINT. */
int credentials_metadata(bool alibaba, struct credentials **out, struct err *) GPM_NODISCARD;

#endif
