// A push-broom monitor: it learns the background of a hyperspectral scene, then watches the scene
// line by line, reports anomalous pixels, and keeps loss and metrics up to date with hyla as a camera
// program would: a few calls per line, a few hundred bytes of totals and 2 MiB of histograms, a value whenever
// one is wanted.
//
//     c++ -std=c++17 -O2 -Iinclude examples/monitor.cpp build/lib/libhyla.a -o monitor
//     ./monitor                                      a scene that it simulates
//     ./monitor scene.hdr [--mask mask.hdr] [--out DIR]    an ENVI scene

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

#include "monitor/envi.hpp"
#include "monitor/json.hpp"
#include "monitor/metrics.hpp"
#include "monitor/record.hpp"
#include "monitor/report.hpp"
#include "monitor/rx.hpp"
#include "monitor/simulate.hpp"

namespace monitor {

constexpr const char *usage =
    "usage: monitor [scene.hdr] [--mask mask.hdr] [--out DIR]\n"
    "\n"
    "  scene.hdr   ENVI header; the raw file is beside it, and so may be its mask <scene>_gt.hdr.\n"
    "              Without a scene the monitor simulates one.\n"
    "  --mask      ENVI header of the mask: one band, every value other than 0 is an anomaly\n"
    "  --out       folder for report.html and values.json (default: monitor-report)\n";

struct Arguments {
    std::filesystem::path scene;
    std::filesystem::path mask;
    std::filesystem::path out = "monitor-report";
    bool help = false;
};

Arguments parse(int count, char **words) {
    Arguments arguments;
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i];
        if (word == "--help" || word == "-h") {
            arguments.help = true;
        } else if (word == "--mask" || word == "--out") {
            if (++i == count) throw std::runtime_error(word + " needs a value\n" + usage);
            (word == "--mask" ? arguments.mask : arguments.out) = words[i];
        } else if (word.substr(0, 1) == "-" || !arguments.scene.empty()) {
            throw std::runtime_error("unexpected argument '" + word + "'\n" + usage);
        } else {
            arguments.scene = word;
        }
    }
    if (arguments.scene.empty() && !arguments.mask.empty())
        throw std::runtime_error(std::string("--mask needs a scene\n") + usage);
    return arguments;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// One line of text that rewrites itself; it writes nothing at all when nobody is watching a terminal.
class ProgressBar {
  public:
    explicit ProgressBar(bool labelled) : labelled_(labelled) {
#ifdef _WIN32
        shown_ = _isatty(2) != 0;
#else
        shown_ = isatty(STDERR_FILENO) != 0;
#endif
    }

    void show(std::size_t done, std::size_t lines, const Running &now) {
        // Twenty pictures per second are enough for the eye, and leave the time to the stream.
        if (!shown_ || (done < lines && seconds_since(drawn_) < 0.05)) return;
        drawn_ = std::chrono::steady_clock::now();
        constexpr std::size_t cells = 16;
        const std::size_t filled = cells * done / lines;
        const std::string bar = std::string(filled, '#') + std::string(cells - filled, '.');
        // Fixed widths: a shorter line must cover a longer one.
        const auto shown = [](const char *name, const char *format, double value) {
            return std::string(name) + (std::isnan(value) ? "    - " : formatted(format, value)) + "  ";
        };
        const std::string values =
            labelled_
                ? shown("bce ", "%6.4f", now.loss) + shown("prec ", "%6.3f", now.precision) +
                      shown("rec ", "%6.3f", now.recall)
                : shown("mean ", "%8.3f", now.score_mean) + shown("anomalous % ", "%6.2f", now.anomalous_percentage);
        const double rate = static_cast<double>(done) / std::max(seconds_since(start_), 1e-9);
        std::fprintf(stderr, "\r[%s] %zu/%zu  %s%6.0f lines/s", bar.c_str(), done, lines, values.c_str(), rate);
        if (done == lines) std::fputc('\n', stderr);
    }

  private:
    bool labelled_;
    bool shown_ = false;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point drawn_ = {};
};

// The share of pixels that never reached the detector, in the same form as hyla's values.
std::vector<Value> pixel_states(const std::vector<PixelState> &states) {
    const auto counted = [&states](PixelState state) {
        return static_cast<double>(std::count(states.begin(), states.end(), state));
    };
    const double ignored = counted(PixelState::ignored), not_finite = counted(PixelState::not_finite);
    return {{"ignored_pixels", ignored, 0, ""},
            {"not_finite_pixels", not_finite, 0, ""},
            {"unusable_percentage", 100.0 * (ignored + not_finite) / static_cast<double>(states.size()), 0, ""}};
}

// The heart of the example: what happens for each line that the camera delivers.
Record stream(const Scene &scene, const Background &background, const Calibration &calibration) {
    Record record;
    record.threshold = calibration.threshold;
    record.scale = calibration.scale;
    record.ridge = background.ridge();

    Metrics metrics(scene.labelled(), scene.lines);
    ProgressBar progress(scene.labelled());
    std::vector<float> scores(scene.samples), logits(scene.samples);
    std::vector<std::uint8_t> decisions(scene.samples), valid(scene.samples);
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t line = 0; line < scene.lines; ++line) {
        for (std::size_t sample = 0; sample < scene.samples; ++sample) {
            const std::size_t index = line * scene.samples + sample;
            const PixelState state = scene.state(index);
            const bool usable = state == PixelState::usable;
            scores[sample] = usable ? background.score(scene.pixel(index)) : std::numeric_limits<float>::quiet_NaN();
            logits[sample] = calibration.logit(scores[sample]);
            decisions[sample] = logits[sample] > 0.0f;
            valid[sample] = usable;
            record.states.push_back(state);
        }

        const auto before = std::chrono::steady_clock::now();
        const std::uint8_t *targets = scene.labelled() ? scene.mask.data() + line * scene.samples : nullptr;
        metrics.add({scores, logits, decisions, valid, targets});
        record.history.push_back(metrics.running());
        record.hyla_seconds += seconds_since(before);

        record.scores.insert(record.scores.end(), scores.begin(), scores.end());
        record.decisions.insert(record.decisions.end(), decisions.begin(), decisions.end());
        progress.show(line + 1, scene.lines, record.history.back());
    }
    metrics.end_scene();
    record.stream_seconds = seconds_since(start);

    record.values = metrics.values();
    if (scene.labelled()) {
        record.curve = metrics.ranking().curve();
        // The scene was kept, so its exact numbers can be had, too: they lie between the bounds of the stream's.
        std::vector<std::uint8_t> valid;
        for (const PixelState state : record.states) valid.push_back(state == PixelState::usable);
        const hyla::pixels pixels(record.scores.size());
        Ranking::put_exact(record.values,
                           pixels.with_scores(record.scores).with_targets(scene.mask).with_valid(valid));
    }
    for (const Value &value : pixel_states(record.states)) record.values.push_back(value);
    return record;
}

void print(const Scene &scene, const Record &record) {
    std::printf("%s: %zu lines x %zu samples x %zu bands, %s\n", scene.name.c_str(), scene.lines, scene.samples,
                scene.bands, scene.labelled() ? "labelled" : "not labelled");
    if (record.ridge > 0.0)
        std::printf("the covariance is singular: a ridge of %.3g was added to its diagonal\n", record.ridge);
    std::printf("\n");
    for (const Value &value : record.values) {
        std::printf("  %-28s %18s  %s\n", value.name.c_str(), readable(value.number).c_str(), value.notice.c_str());
    }
    std::printf("\n%.0f lines per second; %.2f microseconds per line in hyla %s (%s)\n", record.lines_per_second(),
                1e6 * record.hyla_seconds / static_cast<double>(record.history.size()), library_version().c_str(),
                library_tier().c_str());
}

void write(const std::filesystem::path &path, const std::string &content) {
    std::ofstream file(path, std::ios::binary);
    file << content;
    file.close();
    if (!file) throw std::runtime_error(path.string() + ": cannot be written");
}

void run(const Arguments &arguments) {
    const Scene scene = arguments.scene.empty() ? simulate_scene() : read_scene(arguments.scene, arguments.mask);
    std::error_code error;
    std::filesystem::create_directories(arguments.out, error);
    if (error) throw std::runtime_error(arguments.out.string() + ": cannot be created: " + error.message());

    const Background background(scene);
    const Calibration calibration(scene, background);
    const Record record = stream(scene, background, calibration);
    print(scene, record);

    const std::filesystem::path report = arguments.out / "report.html", values = arguments.out / "values.json";
    write(report, report_html(scene, record));
    write(values, values_json(scene, record));
    std::printf("wrote %s and %s\n", report.string().c_str(), values.string().c_str());
}

}  // namespace monitor

int main(int count, char **words) {
    try {
        const monitor::Arguments arguments = monitor::parse(count, words);
        if (arguments.help) {
            std::fputs(monitor::usage, stdout);
        } else {
            monitor::run(arguments);
        }
        return 0;
    } catch (const std::exception &error) {
        std::fprintf(stderr, "monitor: %s\n", error.what());
        return 1;
    }
}
