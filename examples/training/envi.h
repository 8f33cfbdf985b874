// Reads an ENVI pair in C11: a text header (.hdr) and the raw file beside it (.img).
// Data types 1 (uint8), 2 (int16), 4 (float32), 12 (uint16); bip, bil, bsq; either byte order.
// A mistake in a file ends the program with a sentence that names the file.
#ifndef TRAINING_ENVI_H
#define TRAINING_ENVI_H

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "program.h"

// The whole file, with a 0 behind it.
static unsigned char *envi_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) fail("%s: %s", path, strerror(errno));
    size_t room = 1 << 16, length = 0;
    unsigned char *bytes = allocate(room, 1);
    for (size_t got; (got = fread(bytes + length, 1, room - 1 - length, file)) > 0;) {
        length += got;
        if (length < room - 1) continue;
        room *= 2;
        bytes = realloc(bytes, room);
        if (!bytes) fail("%s: out of memory", path);
    }
    if (ferror(file)) fail("%s: cannot be read", path);
    fclose(file);
    bytes[length] = 0;
    *size = length;
    return bytes;
}

// Copies the value of a key in lower case, or "" if there is none; lists in braces are passed over.
static void envi_value(const char *header, const char *key, char value[32]) {
    value[0] = 0;
    const size_t length = strlen(key);
    for (const char *line = header; line && *line;) {
        line += strspn(line, " \t\r\n");
        const char *end = line + strcspn(line, "\n"), *equals = memchr(line, '=', (size_t)(end - line));
        const char *next = end;
        if (equals) {
            const char *from = equals + 1 + strspn(equals + 1, " \t");
            if (*from == '{' && !(next = strchr(from, '}'))) return;
            size_t i = 0;
            while (i < length && tolower((unsigned char)line[i]) == key[i]) ++i;
            if (i == length && line + i + strspn(line + i, " \t") == equals) {
                size_t n = 0;
                while (n < 31 && from < end && !isspace((unsigned char)*from))
                    value[n++] = (char)tolower((unsigned char)*from++);
                value[n] = 0;
                return;
            }
        }
        line = *next ? next + 1 : next;
    }
}

static size_t envi_count(const char *path, const char *header, const char *key, size_t otherwise) {
    char value[32], *end;
    envi_value(header, key, value);
    if (!value[0] && otherwise != SIZE_MAX) return otherwise;
    const unsigned long long count = strtoull(value, &end, 10);
    if (!isdigit((unsigned char)value[0]) || *end || count > (1u << 30))
        fail("%s: '%s' is '%s', which is no count", path, key, value);
    return (size_t)count;
}

// The bytes are put together by shifts, so that the byte order of this machine plays no part.
static float envi_decode(const unsigned char *bytes, size_t width, size_t type, size_t big_endian) {
    uint32_t bits = 0;
    for (size_t i = 0; i < width; ++i) bits = bits << 8 | bytes[big_endian ? i : width - 1 - i];
    if (type == 2) return (float)(bits < 0x8000 ? (int32_t)bits : (int32_t)bits - 0x10000);
    if (type != 4) return (float)bits;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

struct envi {
    size_t lines, samples, bands;
    float *values;  // interleaved by pixel, to be freed
    int has_ignore_value;
    float ignore_value;
};

static struct envi envi_read(const char *path) {
    size_t size, raw_size;
    char *header = (char *)envi_file(path, &size), value[32];
    if (size < 4 || memcmp(header, "ENVI", 4) != 0) fail("%s: its first line is not 'ENVI'", path);
    struct envi image = {0};
    image.lines = envi_count(path, header, "lines", SIZE_MAX);
    image.samples = envi_count(path, header, "samples", SIZE_MAX);
    image.bands = envi_count(path, header, "bands", SIZE_MAX);
    const size_t type = envi_count(path, header, "data type", SIZE_MAX),
                 offset = envi_count(path, header, "header offset", 0);
    const size_t big_endian = envi_count(path, header, "byte order", 0);
    const size_t width = type == 1 ? 1 : type == 2 || type == 12 ? 2 : type == 4 ? 4 : 0;
    if (!width || big_endian > 1)
        fail("%s: data type %zu with byte order %zu is not supported", path, type, big_endian);
    envi_value(header, "data ignore value", value);
    image.has_ignore_value = value[0] != 0;
    image.ignore_value = strtof(value, NULL);

    const size_t pixels = image.lines * image.samples;
    if (pixels == 0 || image.bands == 0 || image.bands > ((size_t)1 << 40) / pixels)
        fail("%s: no scene has that size", path);
    size_t line_step = image.samples * image.bands, sample_step = image.bands, band_step = 1;  // bip
    envi_value(header, "interleave", value);
    if (strcmp(value, "bil") == 0) sample_step = 1, band_step = image.samples;
    else if (strcmp(value, "bsq") == 0) line_step = image.samples, sample_step = 1, band_step = pixels;
    else if (strcmp(value, "bip") != 0) fail("%s: interleave '%s' is none of bip, bil, bsq", path, value);
    free(header);

    const size_t stem =
        strlen(path) > 4 && strcmp(path + strlen(path) - 4, ".hdr") == 0 ? strlen(path) - 4 : strlen(path);
    char *raw_path = allocate(stem + 5, 1);
    memcpy(raw_path, path, stem);
    memcpy(raw_path + stem, ".img", 4);
    unsigned char *raw = envi_file(raw_path, &raw_size);
    if (raw_size < offset || raw_size - offset != pixels * image.bands * width) {
        fail("%s: %zu bytes, the header asks for %zu lines x %zu samples x %zu bands of %zu bytes after %zu", raw_path,
             raw_size, image.lines, image.samples, image.bands, width, offset);
    }
    image.values = allocate(pixels * image.bands, sizeof *image.values);
    float *to = image.values;
    for (size_t line = 0; line < image.lines; ++line) {
        for (size_t sample = 0; sample < image.samples; ++sample) {
            for (size_t band = 0; band < image.bands; ++band) {
                const size_t index = line * line_step + sample * sample_step + band * band_step;
                *to++ = envi_decode(raw + offset + index * width, width, type, big_endian);
            }
        }
    }
    free(raw);
    free(raw_path);
    return image;
}

#endif
