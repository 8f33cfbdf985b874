// The header of an ENVI image: where its files are, the text as fields, and what they say. envi.h has the rest.
#ifndef EXAMPLES_ENVI_HEADER_H
#define EXAMPLES_ENVI_HEADER_H

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// No path may be longer.
#define ENVI_PATH 4096

struct envi {
    size_t lines, samples;
    size_t bands;       // that are not bad
    size_t *good;       // which these are
    char *header;       // the text: fields of the header point into it
    char error[512];    // what is wrong with the files, if a function returned 0
    char notes[1024];   // what was left out, a line each
    char raw_path[ENVI_PATH];
    size_t all_bands, width, offset;
    int type, big_endian, interleave;  // 'p', 'l' or 'q'
    int has_ignored;
    double ignored;
    uint64_t ignored_bits;  // of integers, which are compared so
    FILE *file;
    unsigned char *bytes;  // of a line
};

static int envi_fail(struct envi *image, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(image->error, sizeof image->error, format, arguments);
    va_end(arguments);
    return 0;
}

static void envi_note(struct envi *image, const char *format, ...) {
    const size_t used = strlen(image->notes);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(image->notes + used, sizeof image->notes - used, format, arguments);
    va_end(arguments);
}

static int envi_same(const char *text, size_t length, const char *other) {
    if (strlen(other) != length) return 0;
    for (size_t i = 0; i < length; ++i) {
        if (tolower((unsigned char)text[i]) != tolower((unsigned char)other[i])) return 0;
    }
    return 1;
}

// ---- the two files

// Whether a name is this stem, a dot, and one of the endings in any case.
static int envi_has_ending(const char *name, const char *stem, size_t length, const char *const *endings) {
    if (strncmp(name, stem, length) != 0 || name[length] != '.') return 0;
    for (; *endings; ++endings) {
        if (envi_same(name + length + 1, strlen(name + length + 1), *endings)) return 1;
    }
    return 0;
}

static const char *const envi_raw_endings[] = {"img", "dat", "raw", "bil", "bip", "bsq", "bin", NULL};
static const char *const envi_header_endings[] = {"hdr", NULL};

// The only file beside `path` that can be its raw file, or its header.
static int envi_beside(struct envi *image, const char *path, int is_header, char found[ENVI_PATH]) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    const size_t stem = dot ? (size_t)(dot - name) : 0;
    const size_t folder_length = (size_t)(name - path);
    char candidate[ENVI_PATH], names[256] = "";
    if (strlen(path) >= ENVI_PATH) return envi_fail(image, "%.100s...: the path is too long.", path);
    memcpy(candidate, path, folder_length);
    candidate[folder_length] = 0;
    DIR *entries = opendir(folder_length ? candidate : ".");
    if (!entries) return envi_fail(image, "%s: there is no such file.", path);
    int count = 0;
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        const char *other = entry->d_name;
        int will_do = is_header ? (strlen(other) == stem && strncmp(other, name, stem) == 0) ||
                                      envi_has_ending(other, name, stem, envi_raw_endings)
                                : envi_has_ending(other, name, strlen(name), envi_header_endings) ||
                                      (envi_has_ending(name, name, stem, envi_raw_endings) &&
                                       envi_has_ending(other, name, stem, envi_header_endings));
        struct stat status;
        if (!will_do || folder_length + strlen(other) >= ENVI_PATH) continue;
        memcpy(candidate + folder_length, other, strlen(other) + 1);
        if (stat(candidate, &status) != 0 || !S_ISREG(status.st_mode)) continue;
        memcpy(found, candidate, folder_length + strlen(other) + 1);
        snprintf(names + strlen(names), sizeof names - strlen(names), count ? ", %s" : "%s", other);
        ++count;
    }
    closedir(entries);
    const char *what = is_header ? "raw file" : "header";
    if (count == 0) return envi_fail(image, "%s: there is no %s beside it.", path, what);
    if (count > 1) return envi_fail(image, "%s: several files could be its %s: %s.", path, what, names);
    return 1;
}

// ---- the text

struct envi_field {
    const char *text;  // NULL: there is none
    size_t length;
};

static int envi_is_blank(char letter) {
    return letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n';
}

static struct envi_field envi_trim(const char *text, size_t length) {
    while (length && envi_is_blank(*text)) ++text, --length;
    while (length && envi_is_blank(text[length - 1])) --length;
    const struct envi_field field = {text, length};
    return field;
}

// Whether a key of the text is this one, with blanks of any kind between its words.
static int envi_is_key(struct envi_field key, const char *wanted) {
    size_t i = 0;
    for (; *wanted; ++wanted) {
        if (*wanted == ' ') {
            if (i >= key.length || !envi_is_blank(key.text[i])) return 0;
            while (i < key.length && envi_is_blank(key.text[i])) ++i;
        } else if (i >= key.length || tolower((unsigned char)key.text[i++]) != *wanted) {
            return 0;
        }
    }
    return i == key.length;
}

// The next field from the line at `*at` on, which then is the line behind it; 0: there is none. Lists in braces may go
// over lines; the value of one that is not closed is NULL. Lines that begin with ';' are comments.
static int envi_next(const char **at, struct envi_field *key, struct envi_field *value) {
    while (**at) {
        const char *line = *at, *end = line + strcspn(line, "\n");
        const char *equals = (const char *)memchr(line, '=', (size_t)(end - line));
        *at = end + (*end != 0);
        if (!equals || line[strspn(line, " \t")] == ';') continue;
        *key = envi_trim(line, (size_t)(equals - line));
        *value = envi_trim(equals + 1, (size_t)(end - equals - 1));
        if (value->length && *value->text == '{') {
            const char *close = strchr(value->text, '}');
            value->length = close ? (size_t)(close + 1 - value->text) : 0;
            if (!close) value->text = NULL;
            if (close > end) end = close + strcspn(close, "\n"), *at = end + (*end != 0);
        }
        return 1;
    }
    return 0;
}

// The value of a key; its text is NULL if there is none.
static struct envi_field envi_get(const struct envi *image, const char *wanted) {
    struct envi_field key, value, none = {NULL, 0};
    for (const char *at = image->header; envi_next(&at, &key, &value);) {
        if (envi_is_key(key, wanted)) return value;
    }
    return none;
}

static size_t envi_line(const struct envi *image, const char *at) {
    size_t line = 1;
    for (const char *text = image->header; text < at; ++text) line += *text == '\n';
    return line;
}

// Every brace is closed, and no key is there twice with different values.
static int envi_check_text(struct envi *image, const char *path) {
    struct envi_field key, value, other, others;
    for (const char *at = image->header; envi_next(&at, &key, &value);) {
        char name[64] = "";
        size_t length = 0;
        for (size_t i = 0; i < key.length && length + 1 < sizeof name; ++i) {
            const char letter = envi_is_blank(key.text[i]) ? ' ' : (char)tolower((unsigned char)key.text[i]);
            if (letter != ' ' || name[length - 1] != ' ') name[length++] = letter;
        }
        const size_t line = envi_line(image, key.text);
        if (!value.text) {
            return envi_fail(image, "%s: the brace of '%s' in line %zu is not closed.", path, name, line);
        }
        for (const char *from = image->header; envi_next(&from, &other, &others) && other.text < key.text;) {
            if (!envi_is_key(other, name)) continue;
            if (others.length == value.length && memcmp(others.text, value.text, value.length) == 0) continue;
            return envi_fail(image, "%s: '%s' is there twice with different values, in lines %zu and %zu.", path, name,
                             envi_line(image, other.text), line);
        }
    }
    return 1;
}

// Comments become blanks where a list has them, and every line ends with a line feed.
static void envi_clean(char *text) {
    char *to = text;
    for (const char *from = text; *from; ++from) {
        if (*from == '\r' && from[1] == '\n') continue;
        *to++ = *from == '\r' ? '\n' : *from;
    }
    *to = 0;
    int in_list = 0;
    for (char *line = text; *line;) {
        char *end = line + strcspn(line, "\n");
        char *first = line + strspn(line, " \t");
        if (*first == ';') {
            memset(line, ' ', (size_t)(end - line));
        } else {
            const char *open = (const char *)memchr(line, '=', (size_t)(end - line));
            if (!in_list && open && open[1 + strspn(open + 1, " \t")] == '{') in_list = 1;
            if (in_list && memchr(line, '}', (size_t)(end - line))) in_list = 0;
        }
        line = *end ? end + 1 : end;
    }
}

static int envi_read_text(struct envi *image, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return envi_fail(image, "%s: %s", path, strerror(errno));
    size_t length = 0, room = 1 << 16;
    char *text = (char *)malloc(room);
    for (size_t got; text && (got = fread(text + length, 1, room - 1 - length, file)) > 0;) {
        length += got;
        if (length < room - 1) continue;
        char *more = (char *)realloc(text, room *= 2);
        if (!more) free(text);
        text = more;
    }
    fclose(file);
    if (!text) return envi_fail(image, "%s: out of memory.", path);
    text[length] = 0;
    image->header = text;
    if ((length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)) ||
        memchr(text, 0, length < 16 ? length : 16)) {
        return envi_fail(image, "%s: the header is no text in UTF-8 (in UTF-16, perhaps); save it as UTF-8.", path);
    }
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) memset(text, ' ', 3);
    envi_clean(text);
    const size_t blanks = strspn(text, " \t\n");
    const struct envi_field first = envi_trim(text + blanks, strcspn(text + blanks, "\n"));
    if (!envi_same(first.text, first.length, "ENVI")) {
        return envi_fail(image, "%s: the first line is not 'ENVI'.", path);
    }
    memset(text + blanks, ' ', first.length);
    return envi_check_text(image, path);
}

// ---- the fields

static int envi_count(struct envi *image, const char *path, const char *key, size_t otherwise, size_t *count) {
    const struct envi_field field = envi_get(image, key);
    *count = otherwise;
    if (!field.text) return otherwise != SIZE_MAX || envi_fail(image, "%s: '%s' is missing.", path, key);
    *count = 0;
    for (size_t i = 0; i < field.length; ++i) {
        const unsigned digit = (unsigned)(field.text[i] - '0');
        if (digit > 9 || *count > (SIZE_MAX - digit) / 10) goto wrong;
        *count = *count * 10 + digit;
    }
    if (field.length) return 1;
wrong:
    return envi_fail(image, "%s: '%s' is '%.*s', which is no count.", path, key, (int)field.length, field.text);
}

// The numbers of a list in braces; returns how many, or -1 if it is none. `numbers` may be NULL.
static long envi_list(struct envi_field field, double *numbers, long room) {
    if (!field.text || field.length < 2 || *field.text != '{') return -1;
    const char *at = field.text + 1, *end = field.text + field.length - 1;
    long count = 0;
    while (at < end) {
        const char *comma = (const char *)memchr(at, ',', (size_t)(end - at));
        const char *stop = comma ? comma : end;
        const struct envi_field item = envi_trim(at, (size_t)(stop - at));
        char copy[64], *rest;
        if (!item.length && !comma && count == 0) return 0;
        if (!item.length || item.length >= sizeof copy) return -1;
        memcpy(copy, item.text, item.length);
        copy[item.length] = 0;
        const double number = strtod(copy, &rest);
        if (*rest) return -1;
        if (numbers && count < room) numbers[count] = number;
        ++count;
        at = stop + 1;
    }
    return count;
}

// The extreme of a type, if a text of six digits or more is what is written for it; else the value itself.
static double envi_extreme(const char *text, double value, double greatest) {
    int digits = 0;
    for (; *text && *text != 'e' && *text != 'E'; ++text) digits += isdigit((unsigned char)*text) != 0;
    char written[64];
    snprintf(written, sizeof written, "%.*e", (digits < 17 ? digits : 17) - 1, greatest);
    return digits >= 6 && fabs(value) == strtod(written, NULL) ? copysign(greatest, value) : value;
}

static int envi_read_ignored(struct envi *image, const char *path) {
    const struct envi_field field = envi_get(image, "data ignore value");
    if (!field.text) return 1;
    const int is_list = field.length >= 2 && *field.text == '{';
    const struct envi_field inner = envi_trim(field.text + is_list, field.length - 2 * (size_t)is_list);
    if (!inner.length || envi_same(inner.text, inner.length, "none")) return 1;
    char text[64] = "", *end = text;
    if (inner.length < sizeof text) memcpy(text, inner.text, inner.length);
    const double value = strtod(text, &end);
    if (!*text || *end || (isinf(value) && strpbrk(text, "0123456789"))) {
        return envi_fail(image, "%s: 'data ignore value' is '%.*s', which is no number.", path, (int)field.length,
                         field.text);
    }
    image->has_ignored = 1;
    image->ignored = value;
    if (image->type == 4 || image->type == 5) {
        image->ignored = envi_extreme(text, value, (double)FLT_MAX);
        if (image->type == 5) image->ignored = envi_extreme(text, image->ignored, DBL_MAX);
        if (image->type == 4 && image->ignored == value) image->ignored = (double)strtof(text, NULL);
        return 1;
    }
    // Integers are compared as bits. Beyond 2^53 a double has not all of them, but the text has.
    const char *digits = text + (*text == '-' || *text == '+');
    const int is_signed = image->type == 2 || image->type == 3 || image->type == 14, is_negative = *text == '-';
    const uint64_t all = UINT64_MAX >> (64 - 8 * image->width);
    const uint64_t most = is_signed ? all / 2 + (uint64_t)is_negative : is_negative ? 0 : all;
    int is_there = value == floor(value) && fabs(value) < ldexp(1.0, 64);
    uint64_t size = is_there ? (uint64_t)fabs(value) : 0;
    errno = 0;
    if (strspn(digits, "0123456789") == strlen(digits)) size = strtoull(digits, NULL, 10), is_there = errno != ERANGE;
    image->has_ignored = is_there && size <= most;
    image->ignored_bits = (is_negative ? 0 - size : size) & all;
    if (!image->has_ignored) {
        envi_note(image, "%s: no pixel of its type can have the ignored value %.*s\n", path, (int)field.length,
                  field.text);
    }
    return 1;
}

static int envi_read_bands(struct envi *image, const char *path) {
    const struct envi_field field = envi_get(image, "bbl");
    image->good = (size_t *)calloc(image->all_bands, sizeof *image->good);
    double *entries = (double *)calloc(image->all_bands, sizeof *entries);
    if (!image->good || !entries) {
        free(entries);
        return envi_fail(image, "%s: out of memory.", path);
    }
    const long count = field.text ? envi_list(field, entries, (long)image->all_bands) : 0;
    int is_fine = 1;
    for (size_t band = 0; is_fine && band < image->all_bands; ++band) {
        if (field.text && count == (long)image->all_bands && entries[band] != 0.0 && entries[band] != 1.0) is_fine = 0;
        if (!field.text || entries[band] != 0.0) image->good[image->bands++] = band;
    }
    free(entries);
    if (!field.text) return 1;
    if (count >= 0 && count != (long)image->all_bands) {
        return envi_fail(image, "%s: 'bbl' has %ld entries for %zu bands.", path, count, image->all_bands);
    }
    if (count < 0 || !is_fine) return envi_fail(image, "%s: 'bbl' is no list of 0 and 1.", path);
    if (!image->bands) return envi_fail(image, "%s: 'bbl' calls every band bad.", path);
    if (image->bands < image->all_bands) {
        envi_note(image, "%s: %zu of %zu bands are bad (bbl) and left out\n", path, image->all_bands - image->bands,
                  image->all_bands);
    }
    return 1;
}

static int envi_read_header(struct envi *image, const char *path) {
    size_t type, order;
    if (!envi_read_text(image, path)) return 0;
    const struct envi_field of = envi_get(image, "file type"), interleave = envi_get(image, "interleave");
    for (size_t i = 0; i + 16 <= of.length; ++i) {
        if (envi_same(of.text + i, 16, "spectral library")) {
            return envi_fail(image, "%s: this is a spectral library, which has no pixels.", path);
        }
    }
    if (!envi_count(image, path, "lines", SIZE_MAX, &image->lines) ||
        !envi_count(image, path, "samples", SIZE_MAX, &image->samples) ||
        !envi_count(image, path, "bands", SIZE_MAX, &image->all_bands) ||
        !envi_count(image, path, "data type", SIZE_MAX, &type)) {
        return 0;
    }
    static const unsigned char widths[16] = {0, 1, 2, 4, 4, 8, 0, 0, 0, 0, 0, 0, 2, 4, 8, 8};
    if (type == 6 || type == 9) return envi_fail(image, "%s: data type %zu is complex numbers.", path, type);
    image->width = type < 16 ? widths[type] : 0;
    if (!image->width) return envi_fail(image, "%s: there is no data type %zu.", path, type);
    image->type = (int)type;
    if (envi_same(interleave.text, interleave.length, "bip") || (!interleave.text && image->all_bands == 1)) {
        image->interleave = 'p';
    } else if (!interleave.text) {
        return envi_fail(image, "%s: 'interleave' is missing.", path);
    } else if (envi_same(interleave.text, interleave.length, "bil")) {
        image->interleave = 'l';
    } else if (envi_same(interleave.text, interleave.length, "bsq")) {
        image->interleave = 'q';
    } else {
        return envi_fail(image, "%s: interleave '%.*s' is none of bip, bil, bsq.", path, (int)interleave.length,
                         interleave.text);
    }
    if (!envi_count(image, path, "byte order", 0, &order)) return 0;
    if (order > 1) return envi_fail(image, "%s: byte order %zu is neither 0 nor 1.", path, order);
    image->big_endian = (int)order;
    if (!image->lines || !image->samples || !image->all_bands) {
        return envi_fail(image, "%s: an image without lines, samples or bands has no pixel.", path);
    }
    return envi_read_ignored(image, path) && envi_count(image, path, "header offset", 0, &image->offset);
}

#endif
