// SPDX-License-Identifier: MIT
// Writes what speedscope_test.py and pprof_test.py open in other tools: speedscope_make FOLDER
#include "unit/profile/sample_profile.hpp"

#include <lampyr/export.hpp>

#include <fstream>
#include <string>

namespace {

using lampyr::FrameId;
using lampyr::Profile;
using lampyr::ThreadId;
using lampyr::test::ProfileDraft;
using std::chrono::milliseconds;

class FileSink final : public lampyr::ByteSink {
  public:
    explicit FileSink(const std::string& path) : file_(path, std::ios::binary) {}
    [[nodiscard]] bool write(std::string_view bytes) override {
        file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        return file_.good();
    }

  private:
    std::ofstream file_;
};

/// Two threads in one second: main works 0.1 s, waits 0.3 s, works 0.2 s and is idle to the end; worker has 0.05 s.
Profile two_threads(bool timeline) {
    ProfileDraft maker({.timeline = timeline});
    const auto process = maker.process(42);
    const ThreadId main = maker.thread(process, 42, "MainThread");
    const ThreadId worker = maker.thread(process, 43, "worker-1");
    const FrameId module = maker.frame("<module>", "/srv/app/run.py", 9, 1);
    const FrameId parse = maker.frame("Parser.parse", "/srv/app/parser.py", 31, 28);
    const FrameId hostile = maker.frame("</script><img src=x onerror=alert(1)>;\x1b[2J 12", "/srv/a;b.py", 3, 2);
    for (std::int64_t i = 0; i < 10; ++i) maker.sample(main, maker.stack({module, parse}), 10 * i, 10);
    for (std::int64_t i = 40; i < 60; ++i)
        maker.sample(main, i % 2 == 0 ? maker.stack({module, parse}) : maker.stack({module, hostile}), 10 * i, 10);
    for (std::int64_t i = 0; i < 5; ++i) maker.sample(worker, maker.stack({parse}), 10 * i, 10);
    lampyr::ProfileInfo info;
    info.duration = milliseconds(1000);
    info.interval = milliseconds(10);
    return maker.finish(info);
}

bool make(const std::string& path, const Profile& profile, lampyr::Format format) {
    FileSink sink(path);
    return lampyr::write_profile(profile, format, {}, sink).has_value();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    const std::string folder = std::string(argv[1]) + "/";
    const bool good =
        make(folder + "timeline.json", two_threads(true), lampyr::Format::kSpeedscope) &&
        make(folder + "counted.json", two_threads(false), lampyr::Format::kSpeedscope) &&
        make(folder + "empty.json", Profile{}, lampyr::Format::kSpeedscope) &&
        make(folder + "random.json", lampyr::test::mixed_profile(3, true), lampyr::Format::kSpeedscope) &&
        make(folder + "raw.txt", two_threads(false), lampyr::Format::kRaw) &&
        make(folder + "timeline.trace.json", two_threads(true), lampyr::Format::kChromeTrace) &&
        make(folder + "random.trace.json", lampyr::test::mixed_profile(3, true), lampyr::Format::kChromeTrace) &&
        make(folder + "counted.pb.gz", two_threads(false), lampyr::Format::kPprof) &&
        make(folder + "random.pb.gz", lampyr::test::mixed_profile(3), lampyr::Format::kPprof) &&
        make(folder + "random.txt", lampyr::test::mixed_profile(3), lampyr::Format::kRaw);
    return good ? 0 : 1;
}
