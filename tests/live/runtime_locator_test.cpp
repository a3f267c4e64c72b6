// SPDX-License-Identifier: MIT
#include "cpython/runtime_locator.hpp"

#include "cpython/layouts/published_fields.hpp"
#include "elf/image.hpp"
#include "process/unique_fd.hpp"
#include "process/vm_memory.hpp"
#include "support/child.hpp"
#include "support/interpreters.hpp"
#include "support/python_process.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <sstream>

namespace lampyr::cpython {
namespace {

namespace fs = std::filesystem;

Result<std::vector<RuntimeLocation>> locate_all(Pid pid, std::span<const LocateStrategy> strategies) {
    const auto mappings = process::read_maps(pid);
    if (!mappings) return mappings.error();
    const auto memory = process::VmMemory::open(pid);
    if (!memory) return memory.error();
    return locate_runtimes(**memory, pid, *mappings, strategies);
}

Result<RuntimeLocation> locate(Pid pid, std::span<const LocateStrategy> strategies = kLocateStrategies) {
    auto all = locate_all(pid, strategies);
    if (!all) return all.error();
    return all->front();
}

std::string read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}
void write_file(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    fs::permissions(path, fs::perms::owner_all);
}

class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern = (fs::temp_directory_path() / "lampyr-locate-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const fs::path& path() const { return path_; }

  private:
    fs::path path_;
};

/// Sets variables of the environment for the processes started while it lives.
class Environment {
  public:
    explicit Environment(const std::map<std::string, std::string>& values) : values_(values) {
        for (const auto& [name, value] : values_) ::setenv(name.c_str(), value.c_str(), 1);
    }
    ~Environment() {
        for (const auto& [name, value] : values_) ::unsetenv(name.c_str());
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

  private:
    std::map<std::string, std::string> values_;
};

class RuntimeLocatorLive : public test::InterpreterTest {
  protected:
    /// A victim that is ready; its version is in `version_`.
    std::unique_ptr<test::PythonProcess> start(const std::string& program,
                                               const std::vector<std::string>& arguments = {}) {
        auto victim = std::make_unique<test::PythonProcess>(program, "located.py", arguments);
        const auto line = victim->read_line();
        EXPECT_TRUE(line) << program << " did not start";
        version_ = line.value_or("");
        return victim;
    }

    /// The file that holds the interpreter: the program, or its libpython.
    fs::path interpreter_file() {
        const auto victim = start(python_.path);
        const auto found = locate(victim->pid());
        EXPECT_TRUE(found) << found.error().message;
        const fs::path file = found ? fs::path(found->library_path) : fs::path();
        prefix_ = found && found->stdlib_hint.find("/lib/") != std::string::npos
                      ? found->stdlib_hint.substr(0, found->stdlib_hint.rfind("/lib/"))
                      : std::string();
        return file;
    }
    [[nodiscard]] bool is_shared(const fs::path& file) const {
        return fs::canonical(python_.path) != fs::canonical(file);
    }

    /// Starts a copy of the interpreter, whose own file was changed by `change`, from the folder.
    std::unique_ptr<test::PythonProcess> start_copy(const fs::path& file, const fs::path& folder,
                                                    const std::function<void(const fs::path&)>& change) {
        const fs::path program = folder / "renamed-program";
        const fs::path library = is_shared(file) ? folder / file.filename() : program;
        fs::copy_file(fs::canonical(python_.path), program, fs::copy_options::overwrite_existing);
        if (is_shared(file)) fs::copy_file(file, library, fs::copy_options::overwrite_existing);
        fs::permissions(library, fs::perms::owner_all);
        change(library);
        const Environment environment({{"LD_LIBRARY_PATH", folder.string()}, {"PYTHONHOME", prefix_}});
        auto victim = start(program.string());
        const auto maps = process::read_maps(victim->pid());
        EXPECT_TRUE(maps &&
                    std::any_of(maps->begin(), maps->end(),
                                [&](const process::Mapping& mapping) { return mapping.path == library.string(); }))
            << "the copy is not what runs";
        return victim;
    }

    void expect_found(test::PythonProcess& victim, std::span<const LocateStrategy> strategies = kLocateStrategies) {
        const auto found = locate(victim.pid(), strategies);
        ASSERT_TRUE(found) << found.error().message;
        EXPECT_EQ(found->version_text, version_);
        EXPECT_EQ(found->layout.version.free_threaded, test::layout_version(GetParam()).free_threaded);
    }

    std::string version_;
    std::string prefix_;
};

/// What each strategy finds is the same address, and those that must work for the version do.
TEST_P(RuntimeLocatorLive, EveryStrategyFindsTheSame) {
    const auto victim = start(python_.path);
    const auto whole = locate(victim->pid());
    ASSERT_TRUE(whole) << whole.error().message;
    EXPECT_EQ(whole->strategy, LocateStrategy::kMemorySymbols);
    EXPECT_EQ(whole->version_text, version_);
    EXPECT_EQ(whole->note, "");
    EXPECT_TRUE(fs::exists(fs::path(whole->stdlib_hint) / "os.py")) << whole->stdlib_hint;
    const bool publishes = !layouts::published_fields(whole->layout.version).empty();
    const bool in_runtime = whole->layout.runtime.interpreters_head.present();
    EXPECT_EQ(whole->current_thread.is_null(), in_runtime);
    for (const LocateStrategy strategy : kLocateStrategies) {
        const auto found = locate(victim->pid(), {&strategy, 1});
        const bool must_work =
            strategy != LocateStrategy::kRuntimeSection && (strategy != LocateStrategy::kCookieScan || publishes);
        if (must_work) {
            ASSERT_TRUE(found) << to_string(strategy) << ": " << found.error().message;
        }
        if (!found) continue;
        EXPECT_EQ(found->version_text, version_) << to_string(strategy);
        // 2.7 and 3.6 keep the main interpreter in a second variable that no scan can tell from the list's head.
        if (in_runtime || strategy != LocateStrategy::kPointerScan) {
            EXPECT_EQ(found->runtime, whole->runtime) << to_string(strategy);
        }
    }
}

TEST_P(RuntimeLocatorLive, DeletedAndReplacedAfterTheStart) {
    const fs::path file = interpreter_file();
    const TemporaryFolder folder;
    fs::path copy;
    const auto victim = start_copy(file, folder.path(), [&](const fs::path& library) { copy = library; });
    fs::remove(copy);
    expect_found(*victim);
    write_file(copy, "not an interpreter any more");
    expect_found(*victim);
}

TEST_P(RuntimeLocatorLive, ReplacedByAnotherVersion) {
    const fs::path file = interpreter_file();
    const TemporaryFolder folder;
    fs::path copy;
    const auto victim = start_copy(file, folder.path(), [&](const fs::path& library) { copy = library; });
    const auto other = std::find_if(test::interpreters().begin(), test::interpreters().end(),
                                    [](const test::Interpreter& i) { return i.version != GetParam(); });
    if (other == test::interpreters().end()) GTEST_SKIP() << "one version only";
    const auto other_victim = start(other->path);
    const auto other_found = locate(other_victim->pid());
    ASSERT_TRUE(other_found);
    const std::string other_version = std::exchange(version_, "");
    fs::remove(copy);
    fs::copy_file(other_found->library_path, copy);
    const auto found = locate(victim->pid());
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_NE(found->version_text, other_version);
}

TEST_P(RuntimeLocatorLive, StrippedOfAllButDynamicSymbols) {
    if (std::system("command -v strip > /dev/null") != 0) GTEST_SKIP() << "no strip on this machine";
    const fs::path file = interpreter_file();
    const TemporaryFolder folder;
    const auto victim = start_copy(file, folder.path(), [&](const fs::path& library) {
        // Stripping what is stripped would only damage files that were edited after linking (patchelf).
        const process::UniqueFd fd(::open(library.c_str(), O_RDONLY | O_CLOEXEC));
        const auto image = elf::Image::open(fd.get());
        ASSERT_TRUE(image) << image.error().message;
        if (!image->find_section(".symtab")) return;
        ASSERT_EQ(std::system(("strip --strip-all " + library.string()).c_str()), 0);
    });
    expect_found(*victim);
    const LocateStrategy by_file = LocateStrategy::kFileSymbols;
    expect_found(*victim, {&by_file, 1});
}

TEST_P(RuntimeLocatorLive, WithoutSectionHeaders) {
    const fs::path file = interpreter_file();
    const TemporaryFolder folder;
    const auto victim = start_copy(file, folder.path(), [&](const fs::path& library) {
        std::string bytes = read_file(library);
        Elf64_Ehdr header;
        std::memcpy(&header, bytes.data(), sizeof header);
        header.e_shoff = 0;
        header.e_shnum = header.e_shstrndx = 0;
        std::memcpy(bytes.data(), &header, sizeof header);
        write_file(library, bytes);
    });
    expect_found(*victim);
}

/// As in a program that holds CPython and exports nothing: the names are gone, section headers too. Only where the
/// program itself is the interpreter; a libpython without names cannot be linked with.
TEST_P(RuntimeLocatorLive, StaticProgramWithoutNames) {
    const fs::path file = interpreter_file();
    if (is_shared(file)) GTEST_SKIP() << "this interpreter is a shared library";
    const TemporaryFolder folder;
    const auto victim = start_copy(file, folder.path(), [&](const fs::path& library) {
        std::string bytes = read_file(library);
        for (const std::string name : {"_PyRuntime", "PyInterpreterState_Head", "interp_head"}) {
            const std::string text = std::string(1, '\0') + name + '\0';
            for (std::size_t at = bytes.find(text); at != bytes.npos; at = bytes.find(text, at + 1))
                bytes[at + 1] = '#';
        }
        Elf64_Ehdr header;
        std::memcpy(&header, bytes.data(), sizeof header);
        header.e_shoff = 0;
        header.e_shnum = header.e_shstrndx = 0;
        std::memcpy(bytes.data(), &header, sizeof header);
        write_file(library, bytes);
    });
    const auto found = locate(victim->pid());
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->version_text, version_);
    EXPECT_TRUE(found->strategy == LocateStrategy::kCookieScan || found->strategy == LocateStrategy::kPointerScan)
        << to_string(found->strategy);
}

TEST_P(RuntimeLocatorLive, ItsFileMappedASecondTime) {
    const fs::path file = interpreter_file();
    const auto victim = start(python_.path, {"map", file.string()});
    expect_found(*victim);
}

/// A program that has loaded libpython and not started it.
TEST_P(RuntimeLocatorLive, LoadedButNotInitialised) {
    const fs::path file = interpreter_file();
    if (!is_shared(file)) GTEST_SKIP() << "this interpreter is no shared library";
    test::ForkedChild child([&](test::ChildPort& port) {
        if (::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) return 1;
        port.ready();
        port.await_go();
        return 0;
    });
    child.await_ready();
    const auto found = locate(child.pid());
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::kPythonStarting) << found.error().message;
}

INSTANTIATE_TEST_SUITE_P(All, RuntimeLocatorLive, testing::ValuesIn(test::kVersions), RuntimeLocatorLive::name);

TEST(RuntimeLocatorLiveOther, AProcessThatIsNotPython) {
    test::ForkedChild child([](test::ChildPort& port) {
        port.ready();
        port.await_go();
        return 0;
    });
    child.await_ready();
    const auto found = locate(child.pid());
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::kNotPython);
}

/// Two libpythons run in one process: both are found.
TEST(RuntimeLocatorLiveOther, TwoVersionsInOneProcess) {
    std::vector<fs::path> libraries;
    for (const test::Interpreter& interpreter : test::interpreters()) {
        test::PythonProcess victim(interpreter.path, "located.py");
        if (!victim.read_line()) continue;
        const auto found = locate(victim.pid());
        ASSERT_TRUE(found) << interpreter.path << ": " << found.error().message;
        if (found->library_path.find(".so") != std::string::npos &&
            test::layout_version(interpreter.version).major == 3)
            libraries.emplace_back(found->library_path);
        if (libraries.size() == 2) break;
    }
    if (libraries.size() < 2) GTEST_SKIP() << "fewer than two shared libpythons on this machine";
    test::ForkedChild child([&](test::ChildPort& port) {
        for (const fs::path& library : libraries) {
            void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
            void* function = handle != nullptr ? ::dlsym(handle, "Py_InitializeEx") : nullptr;
            if (function == nullptr) return 1;
            reinterpret_cast<void (*)(int)>(function)(0);
        }
        port.ready();
        port.await_go();
        return 0;
    });
    child.await_ready();
    const LocateStrategy by_symbols = LocateStrategy::kMemorySymbols;
    const auto found = locate_all(child.pid(), {&by_symbols, 1});
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->size(), 2U);
    EXPECT_NE((*found)[0].version_text, (*found)[1].version_text);
    EXPECT_NE((*found)[0].runtime, (*found)[1].runtime);
}

/// The order of `_Py_DebugOffsets` in the interpreter's installed headers is the one of our table.
std::optional<std::vector<std::string>> published_in_header(const fs::path& folder) {
    for (const char* name : {"pycore_debug_offsets.h", "pycore_runtime.h"}) {
        std::ifstream file(folder / "internal" / name);
        std::vector<std::string> fields, current;
        bool inside = false, in_struct = false;
        for (std::string line; std::getline(file, line);) {
            if (line.find("typedef struct _Py_DebugOffsets") != line.npos) inside = true;
            if (!inside) continue;
            std::istringstream words(line);
            std::string first, second;
            words >> first >> second;
            if (first == "}" && second == "_Py_DebugOffsets;") return fields;
            if (first == "struct") in_struct = true;
            if (first == "uint64_t" && in_struct) current.push_back(second.substr(0, second.size() - 1));
            if (first != "}") continue;
            for (const std::string& field : current)
                fields.push_back(second.substr(0, second.size() - 1) + "." + field);
            current.clear();
            in_struct = false;
        }
    }
    return std::nullopt;
}

class PublishedOffsetsLive : public test::InterpreterTest {};

TEST_P(PublishedOffsetsLive, OrderIsThatOfTheHeaders) {
    const Version version = test::layout_version(GetParam());
    const auto structs = layouts::published_fields(version);
    if (structs.empty()) GTEST_SKIP() << "this version publishes no offsets";
    test::PythonProcess victim(python_.path, "located.py");
    ASSERT_TRUE(victim.read_line());
    const auto found = locate(victim.pid());
    ASSERT_TRUE(found) << found.error().message;
    const std::string prefix = found->stdlib_hint.substr(0, found->stdlib_hint.rfind("/lib/"));
    const auto header = published_in_header(fs::path(prefix) / "include" / ("python" + std::string(GetParam())));
    if (!header) GTEST_SKIP() << "no headers of Python " << GetParam() << " below " << prefix;
    std::vector<std::string> ours;
    for (const auto& item : structs) {
        std::istringstream words{std::string(item.fields)};
        for (std::string word; words >> word;) ours.push_back(std::string(item.name) + "." + word);
    }
    EXPECT_EQ(ours, *header);
}

INSTANTIATE_TEST_SUITE_P(All, PublishedOffsetsLive, testing::ValuesIn(test::kVersions), PublishedOffsetsLive::name);

}  // namespace
}  // namespace lampyr::cpython
