/* crc64.h -- CRC-64 of ECMA-182, bits reflected: that of .xz files, and of Alibaba's OSS. */
#ifndef GPM_CRC64_H
#define GPM_CRC64_H

/* crc64(crc, data, len): CRC of what came before (0 at the start), with these bytes behind it. */
uint64_t crc64(uint64_t crc, const void *data, size_t len);

#endif
