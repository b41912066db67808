/* gpfdist_request.h -- one POST, from its head to its answer; the server's context is the receiver. */
#ifndef GPM_GPFDIST_REQUEST_H
#define GPM_GPFDIST_REQUEST_H

#include "gpfdist_server.h"

extern const struct gpfdist_service gpfdist_request_service;

#endif
