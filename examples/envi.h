// Reads ENVI images in C11 and C++17, line by line: a text header (.hdr) and the raw file beside it. The rules, and the
// sentences of the mistakes, are those of the tool's reader (cli/src/files/envi): data types 1 to 5 and 12 to 15, bip,
// bil and bsq, either byte order; bands that `bbl` calls bad are left out, pixels with `data ignore value` do not
// count. A test of the tool (cli/tests/envi_readers.rs) holds both to it.
#ifndef EXAMPLES_ENVI_H
#define EXAMPLES_ENVI_H

#include "envi_header.h"

// Opens an image by its header or by its raw file. Returns 0 if that cannot be, and says why in `error`.
static int envi_open(struct envi *image, const char *path) {
    memset(image, 0, sizeof *image);
    char other[ENVI_PATH];
    const char *dot = strrchr(path, '.');
    const int is_header = dot && envi_same(dot, strlen(dot), ".hdr");
    struct stat status;
    if (stat(path, &status) != 0) return envi_fail(image, "%s: there is no such file.", path);
    if (!envi_beside(image, path, is_header, other)) return 0;
    const char *header = is_header ? path : other, *raw = is_header ? other : path;
    memcpy(image->raw_path, raw, strlen(raw) + 1);
    if (!envi_read_header(image, header)) return 0;
    // Each factor is compared before it is multiplied with.
    size_t wanted = image->width;
    const size_t factors[3] = {image->all_bands, image->samples, image->lines};
    for (int i = 0; i < 3; ++i) {
        if (factors[i] > SIZE_MAX / wanted) return envi_fail(image, "no file has as many pixels as the header says.");
        wanted *= factors[i];
    }
    if (image->offset > SIZE_MAX - wanted) return envi_fail(image, "no file has as many pixels as the header says.");
    wanted += image->offset;
    image->file = fopen(image->raw_path, "rb");
    if (!image->file || stat(image->raw_path, &status) != 0) {
        return envi_fail(image, "%s: %s", image->raw_path, strerror(errno));
    }
    const unsigned long long given = (unsigned long long)status.st_size;
    if (given < wanted) {
        return envi_fail(image, "%s: it has %llu bytes, and its header asks for %zu.", image->raw_path, given, wanted);
    }
    if (given > wanted) {
        envi_note(image, "%s: %llu bytes behind the last pixel are not used\n", image->raw_path, given - wanted);
    }
    image->bytes = (unsigned char *)malloc(image->all_bands * image->samples * image->width);
    if (!image->bytes) return envi_fail(image, "%s: out of memory.", image->raw_path);
    return envi_read_bands(image, header);
}

static void envi_close(struct envi *image) {
    if (image->file) fclose(image->file);
    free(image->bytes);
    free(image->good);
    free(image->header);
    image->file = NULL, image->bytes = NULL, image->good = NULL, image->header = NULL;
}

// The bytes are put together by shifts, so that the byte order of this machine plays no part.
static float envi_decode(const struct envi *image, const unsigned char *bytes, int *is_ignored) {
    const size_t width = image->width;
    uint64_t bits = 0;
    for (size_t i = 0; i < width; ++i) bits = bits << 8 | bytes[image->big_endian ? i : width - 1 - i];
    *is_ignored = 0;
    if (image->type == 4 || image->type == 5) {
        const uint32_t low = (uint32_t)bits;
        float single;
        double value;
        memcpy(&single, &low, sizeof single);
        memcpy(&value, &bits, sizeof value);
        if (image->type == 4) value = (double)single;
        *is_ignored = image->has_ignored && (value == image->ignored || (isnan(value) && isnan(image->ignored)));
        return image->type == 4 ? single : (float)value;
    }
    *is_ignored = image->has_ignored && bits == image->ignored_bits;
    switch (image->type) {
        case 2: return (float)(bits < 0x8000 ? (int32_t)bits : (int32_t)bits - 0x10000);
        case 3: return bits < 0x80000000u ? (float)bits : -(float)(0x100000000u - bits);
        case 14: return bits <= INT64_MAX ? (float)bits : -(float)(0 - bits);
        default: return (float)bits;
    }
}

// Reads a line, pixel by pixel its good bands. In `counts` pixels that have the ignored value become 0.
static int envi_read_line(struct envi *image, size_t line, float *values, unsigned char *counts) {
    const size_t samples = image->samples, bands = image->all_bands, width = image->width;
    const int is_bsq = image->interleave == 'q';
    const size_t parts = is_bsq ? bands : 1, length = samples * width * (is_bsq ? 1 : bands);
    for (size_t part = 0; part < parts; ++part) {
        const size_t start = image->offset + (part * image->lines + line) * length;
        if (fseek(image->file, (long)start, SEEK_SET) != 0 ||
            fread(image->bytes + part * length, 1, length, image->file) != length) {
            return envi_fail(image, "%s: cannot be read.", image->raw_path);
        }
    }
    const size_t sample_step = image->interleave == 'p' ? bands : 1, band_step = image->interleave == 'p' ? 1 : samples;
    for (size_t sample = 0; sample < samples; ++sample) {
        for (size_t band = 0; band < image->bands; ++band) {
            const size_t item = sample * sample_step + image->good[band] * band_step;
            int is_ignored;
            *values++ = envi_decode(image, image->bytes + item * width, &is_ignored);
            if (is_ignored) counts[sample] = 0;
        }
    }
    return 1;
}

#endif
