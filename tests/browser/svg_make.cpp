// SPDX-License-Identifier: MIT
// Writes the pictures the browser tests look at: svg_make FOLDER [server|threads|wide|deep|hostile|tree NODES]…
#include "browser/svg_profiles.hpp"
#include "export/flamegraph/flamegraph.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace {

class FileSink : public lampyr::ByteSink {
  public:
    explicit FileSink(const std::string& path) : file_(path, std::ios::binary) {}
    bool write(std::string_view bytes) override {
        written += bytes.size();
        file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        return file_.good();
    }
    std::size_t written = 0;

  private:
    std::ofstream file_;
};

bool make(const std::string& path, const lampyr::Profile& profile, const lampyr::ExportOptions& options) {
    const auto begin = std::chrono::steady_clock::now();
    FileSink sink(path);
    const bool good = lampyr::exporter::write_flamegraph(profile, options, sink).has_value();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("%s: %zu stacks, %zu bytes, %.3f s\n", path.c_str(), profile.stacks.size(), sink.written, took.count());
    return good;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    const std::string folder = std::string(argv[1]) + "/";
    bool good = true;
    for (int i = 2; i < argc; ++i) {
        const std::string what = argv[i];
        lampyr::ExportOptions options;
        if (what == "tree" && i + 1 < argc) {
            const std::string nodes = argv[++i];
            good = make(folder + "tree-" + nodes + ".svg",
                        lampyr::test::random_profile(std::strtoul(nodes.c_str(), nullptr, 10)), options) &&
                   good;
        } else if (what == "server") {
            good = make(folder + "server.svg", lampyr::test::server_profile(), options) && good;
        } else if (what == "threads") {
            options.threads = options.processes = true;
            good = make(folder + "threads.svg", lampyr::test::server_profile(), options) && good;
        } else if (what == "wide") {
            good = make(folder + "wide.svg", lampyr::test::wide_profile(), options) && good;
        } else if (what == "deep") {
            good = make(folder + "deep.svg", lampyr::test::deep_profile(100'000), options) && good;
        } else if (what == "hostile") {
            options.threads = true;
            options.title = "</title><script>alert(8)</script> & a title";
            good = make(folder + "hostile.svg", lampyr::test::hostile_profile(), options) && good;
        } else {
            return 2;
        }
    }
    return good ? 0 : 1;
}
