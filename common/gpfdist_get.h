/* gpfdist_get.h -- one GET, from its head to the last frame of its answer; the server's context is the dealer. */
#ifndef GPM_GPFDIST_GET_H
#define GPM_GPFDIST_GET_H

#include "gpfdist_server.h"

extern const struct gpfdist_service gpfdist_get_service;

#endif
