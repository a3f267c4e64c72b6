// SPDX-License-Identifier: MIT
#include "process/target_files.hpp"

#include "support/child.hpp"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>
#include <array>
#include <cstdlib>
#include <fstream>
#include <string>

namespace lampyr::process {
namespace {

using test::ChildPort;
using test::ForkedChild;

class TargetFiles : public testing::Test {
  protected:
    void SetUp() override {
        directory_ = testing::TempDir() + "lampyr-XXXXXX";
        ASSERT_NE(::mkdtemp(directory_.data()), nullptr);
    }
    void TearDown() override { static_cast<void>(!std::system(("rm -rf '" + directory_ + "'").c_str())); }

    [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }
    void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }

    std::string directory_;
};

/// Maps the first page of a file for good and returns its address.
std::uint64_t map_page(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return reinterpret_cast<std::uint64_t>(::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, fd.get(), 0));
}

std::string content(const Result<UniqueFd>& file) {
    if (!file) return "error: " + file.error().message;
    std::array<char, 256> text{};
    const ssize_t got = ::pread(file->get(), text.data(), text.size(), 0);
    return std::string(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
}

Mapping mapping_at(Pid pid, std::uint64_t address) {
    const auto maps = read_maps(pid);
    const Mapping* mapping = maps ? find_mapping(*maps, RemoteAddr(address)) : nullptr;
    return mapping != nullptr ? *mapping : Mapping{};
}

/// Gives up the rights that open map_files, keeping the others.
bool drop_map_files() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {};
    if (::syscall(SYS_capget, &header, data) != 0) return false;
    data[CAP_SYS_ADMIN / 32].effective &= ~(1U << (CAP_SYS_ADMIN % 32));
    data[CAP_CHECKPOINT_RESTORE / 32].effective &= ~(1U << (CAP_CHECKPOINT_RESTORE % 32));
    return ::syscall(SYS_capset, &header, data) == 0;
}

/// `open_mapped_file` in a fork without the right to use map_files.
std::string content_without_map_files(Pid pid, const Mapping& mapping) {
    ForkedChild reader([&](ChildPort& port) {
        std::array<char, 256> text{};
        if (drop_map_files()) content(open_mapped_file(pid, mapping)).copy(text.data(), text.size() - 1);
        port.send(text);
        return 0;
    });
    return reader.receive<std::array<char, 256>>().data();
}

TEST_F(TargetFiles, OpensWhatIsMapped) {
    write("library", "original");
    ForkedChild child([&](ChildPort& port) {
        port.send(map_page(path("library")));
        port.await_go();
        return 0;
    });
    const Mapping mapping = mapping_at(child.pid(), child.receive<std::uint64_t>());
    ASSERT_TRUE(mapping.is_file());
    EXPECT_EQ(content(open_mapped_file(child.pid(), mapping)), "original");
    EXPECT_EQ(content_without_map_files(child.pid(), mapping), "original");
    EXPECT_FALSE(open_mapped_file(child.pid(), Mapping{}));
}

TEST_F(TargetFiles, NeverTakesAReplacementForTheOriginal) {
    write("library", "original");
    ForkedChild child([&](ChildPort& port) {
        port.send(map_page(path("library")));
        port.await_go();
        return 0;
    });
    const auto address = child.receive<std::uint64_t>();
    const Mapping before = mapping_at(child.pid(), address);
    write("new", "replacement");
    ASSERT_EQ(::rename(path("new").c_str(), path("library").c_str()), 0);
    const Mapping after = mapping_at(child.pid(), address);
    EXPECT_TRUE(after.deleted);
    EXPECT_EQ(after.path, before.path);
    if (::getuid() == 0) {
        EXPECT_EQ(content(open_mapped_file(child.pid(), after)), "original");
    }
    const std::string text = content_without_map_files(child.pid(), after);
    EXPECT_TRUE(text.starts_with("error")) << text;
}

TEST_F(TargetFiles, OpensADeletedExecutable) {
    ASSERT_EQ(std::system(("cp /bin/sleep '" + path("program") + "'").c_str()), 0);
    ForkedChild child([&](ChildPort& port) {
        ::fcntl(port.out(), F_SETFD, FD_CLOEXEC);
        const std::string program = path("program");
        const char* arguments[] = {"program", "1000", nullptr};
        return ::execv(program.c_str(), const_cast<char**>(arguments));
    });
    ASSERT_TRUE(test::eventually([&] {
        const auto maps = read_maps(child.pid());
        return maps && maps->front().path == path("program");
    }));
    ASSERT_EQ(::unlink(path("program").c_str()), 0);
    const auto maps = read_maps(child.pid());
    ASSERT_TRUE(maps);
    ASSERT_TRUE(maps->front().deleted);
    const auto process = ProcessHandle::open(child.pid());
    ASSERT_TRUE(process);
    EXPECT_TRUE(content(open_executable(*process))
                    .starts_with("\x7f"
                                 "ELF"));
    EXPECT_TRUE(content(open_mapped_file(*process, maps->front()))
                    .starts_with("\x7f"
                                 "ELF"));
    EXPECT_TRUE(content_without_map_files(child.pid(), maps->front())
                    .starts_with("\x7f"
                                 "ELF"));
}

TEST_F(TargetFiles, LooksThroughTheTargetsMounts) {
    write("library", "outside");
    ForkedChild child([&](ChildPort& port) {
        if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("tmpfs", directory_.c_str(), "tmpfs", 0, nullptr) != 0) {
            port.send(std::uint64_t{0});
            return 0;
        }
        write("library", "inside");
        write("only-inside", "");
        port.send(map_page(path("library")));
        port.await_go();
        return 0;
    });
    const auto address = child.receive<std::uint64_t>();
    if (address == 0) GTEST_SKIP() << "no mount namespaces here";
    const Mapping mapping = mapping_at(child.pid(), address);
    EXPECT_EQ(content(open_mapped_file(child.pid(), mapping)), "inside");
    const std::string text = content_without_map_files(child.pid(), mapping);
    EXPECT_EQ(text, "inside");
    EXPECT_TRUE(file_exists_in_target(child.pid(), path("only-inside")));
    EXPECT_FALSE(file_exists_in_target(Pid(::getpid()), path("only-inside")));
}

TEST_F(TargetFiles, StaysBelowTheTargetsRoot) {
    if (::getuid() != 0) GTEST_SKIP() << "needs root for chroot";
    write("outside", "secret");
    ASSERT_EQ(::mkdir(path("jail").c_str(), 0755), 0);
    write("jail/file", "inside");
    ASSERT_EQ(::symlink(path("outside").c_str(), path("jail/absolute").c_str()), 0);
    ASSERT_EQ(::symlink("../outside", path("jail/relative").c_str()), 0);
    ASSERT_EQ(::symlink("/file", path("jail/good").c_str()), 0);
    ForkedChild child([&](ChildPort& port) {
        if (::chroot(path("jail").c_str()) != 0 || ::chdir("/") != 0) return 1;
        port.ready();
        port.await_go();
        return 0;
    });
    child.await_ready();
    const auto process = ProcessHandle::open(child.pid());
    ASSERT_TRUE(process);
    EXPECT_TRUE(file_exists_in_target(*process, "/file"));
    EXPECT_TRUE(file_exists_in_target(*process, "/good"));
    EXPECT_FALSE(file_exists_in_target(*process, "/absolute"));
    EXPECT_FALSE(file_exists_in_target(*process, "/relative"));
    EXPECT_FALSE(file_exists_in_target(*process, "/../outside"));
    EXPECT_FALSE(file_exists_in_target(*process, path("outside")));
}

TEST_F(TargetFiles, KnowsWhatExists) {
    write("module.py", "");
    ForkedChild child([&](ChildPort& port) {
        if (::chdir(directory_.c_str()) != 0) return 1;
        port.ready();
        port.await_go();
        return 0;
    });
    child.await_ready();
    const auto process = ProcessHandle::open(child.pid());
    ASSERT_TRUE(process);
    EXPECT_TRUE(file_exists_in_target(*process, path("module.py")));
    EXPECT_TRUE(file_exists_in_target(*process, "module.py"));
    EXPECT_TRUE(open_readable_file(*process, "module.py"));
    EXPECT_TRUE(open_readable_file(*process, path("module.py")));
    EXPECT_FALSE(open_readable_file(*process, path("absent.py")));
    EXPECT_FALSE(open_readable_file(*process, directory_));
    EXPECT_FALSE(open_readable_file(*process, "/dev/zero"));
    EXPECT_FALSE(open_readable_file(*process, std::string("module.py\0x", 11)));
    if (::geteuid() != 0) return;
    // What neither its user nor everybody may read is not shown, though we could.
    ASSERT_EQ(::chmod(path("module.py").c_str(), 0640), 0);
    ASSERT_EQ(::chown(path("module.py").c_str(), 12345, 12345), 0);
    EXPECT_FALSE(open_readable_file(*process, path("module.py")));
    ASSERT_EQ(::chmod(path("module.py").c_str(), 0644), 0);
    EXPECT_TRUE(open_readable_file(*process, path("module.py")));
    EXPECT_TRUE(file_exists_in_target(*process, directory_));
    EXPECT_FALSE(file_exists_in_target(*process, path("other.py")));
    EXPECT_FALSE(file_exists_in_target(*process, ""));
    EXPECT_FALSE(file_exists_in_target(*process, std::string("module.py\0x", 11)));
    EXPECT_FALSE(file_exists_in_target(*process, std::string(100'000, 'x')));
    child.kill();
    EXPECT_FALSE(file_exists_in_target(*process, path("module.py")));
}

TEST_F(TargetFiles, OpensNothingThatIsNotARegularFile) {
    ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
    struct stat fifo {};
    ASSERT_EQ(::stat(path("fifo").c_str(), &fifo), 0);
    Mapping mapping;
    mapping.start = RemoteAddr(0x1000);
    mapping.end = RemoteAddr(0x2000);
    mapping.path = path("fifo");
    mapping.inode = fifo.st_ino;
    mapping.device_major = major(fifo.st_dev);
    mapping.device_minor = minor(fifo.st_dev);
    EXPECT_FALSE(open_mapped_file(Pid(::getpid()), mapping));  // and does not wait for a writer
}

}  // namespace
}  // namespace lampyr::process
