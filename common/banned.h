/* banned.h -- functions that cannot be used safely here, and what to use instead. */
#ifndef GPM_BANNED_H
#define GPM_BANNED_H

#define GPM_BANNED(name, instead) name##_is_banned_use_##instead

#undef strcpy
#define strcpy(a, b) GPM_BANNED(strcpy, buf_or_mem_printf)
#undef strcat
#define strcat(a, b) GPM_BANNED(strcat, buf_or_mem_printf)
#undef strncpy
#define strncpy(a, b, n) GPM_BANNED(strncpy, mem_strn)
#undef strncat
#define strncat(a, b, n) GPM_BANNED(strncat, buf_or_mem_printf)
#undef sprintf
#define sprintf(...) GPM_BANNED(sprintf, snprintf_or_mem_printf)
#undef vsprintf
#define vsprintf(...) GPM_BANNED(vsprintf, vsnprintf)
#undef strtok
#define strtok(a, b) GPM_BANNED(strtok, strchr_or_memchr)
#undef atoi
#define atoi(a) GPM_BANNED(atoi, parse_u64)
#undef atol
#define atol(a) GPM_BANNED(atol, parse_u64)
#undef gmtime
#define gmtime(a) GPM_BANNED(gmtime, gmtime_r)
#undef localtime
#define localtime(a) GPM_BANNED(localtime, localtime_r)
#undef strerror
#define strerror(a) GPM_BANNED(strerror, err_sys)

#endif
