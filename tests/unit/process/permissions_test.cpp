// SPDX-License-Identifier: MIT
#include "process/permissions.hpp"

#include "process/vm_memory.hpp"
#include "support/child.hpp"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <functional>
#include <string>

namespace lampyr::process {
namespace {

using test::ChildPort;
using test::ForkedChild;

/// What `explain` says about facts that differ from "same user, nothing special" as `change` says.
Error verdict(const std::function<void(AccessFacts&)>& change) {
    AccessFacts facts;
    facts.pid = Pid(42);
    facts.os_errno = EPERM;
    facts.our_uid = 1000;
    facts.target_uid = 1000;
    facts.target_shown_uid = 1000;
    change(facts);
    return explain(facts);
}

struct Row {
    const char* name;
    std::function<void(AccessFacts&)> change;
    ErrorCode code;
    const char* cause;   ///< must be in the message
    const char* remedy;  ///< must be in the hint
};

TEST(Permissions, NamesOneCauseAndOneRemedy) {
    const auto root = [](AccessFacts& f) {
        f.our_uid = 0;
        f.target_uid = f.target_shown_uid = 0;
    };
    const Row rows[] = {
        {"gone", [](auto& f) { f.exists = false; }, ErrorCode::kNoSuchProcess, "does not exist", ""},
        {"zombie", [](auto& f) { f.zombie = true; }, ErrorCode::kNoSuchProcess, "zombie", ""},
        {"kernel", [](auto& f) { f.kernel_thread = true; }, ErrorCode::kNotPython, "kernel", ""},
        {"other user", [](auto& f) { f.target_uid = f.target_shown_uid = 1001; }, ErrorCode::kPermission, "1001",
         "sudo"},
        {"set-uid",
         [](auto& f) {
             f.target_uid.reset();
             f.target_shown_uid = 0;
         },
         ErrorCode::kPermission, "set-uid", "sudo"},
        {"yama 1", [](auto& f) { f.yama = 1; }, ErrorCode::kPermission, "ptrace_scope is 1", "lampyr record --"},
        {"yama 1, own child, not dumpable",
         [](auto& f) {
             f.yama = 1;
             f.descendant = true;
             f.dumpable = false;
         },
         ErrorCode::kPermission, "PR_SET_DUMPABLE", "sudo"},
        {"yama 2", [](auto& f) { f.yama = 2; }, ErrorCode::kPermission, "ptrace_scope is 2", "sudo"},
        {"yama 3",
         [](auto& f) {
             f.yama = 3;
             f.cap_sys_ptrace = true;
         },
         ErrorCode::kPermission, "rebooted", "reboot"},
        {"yama 1 before other user",
         [](auto& f) {
             f.yama = 1;
             f.target_uid = 1001;
         },
         ErrorCode::kPermission, "1001", "sudo"},
        {"user in docker",
         [](auto& f) {
             f.target_uid = 0;
             f.container = Container::kDocker;
         },
         ErrorCode::kPermission, "lampyr runs as", "docker exec --user 0"},
        {"root in docker",
         [&](auto& f) {
             root(f);
             f.container = Container::kDocker;
         },
         ErrorCode::kPermission, "CAP_SYS_PTRACE", "docker run --cap-add=SYS_PTRACE"},
        {"root in podman",
         [&](auto& f) {
             root(f);
             f.container = Container::kPodman;
         },
         ErrorCode::kPermission, "CAP_SYS_PTRACE", "podman run --cap-add=SYS_PTRACE"},
        {"root in kubernetes",
         [&](auto& f) {
             root(f);
             f.container = Container::kKubernetes;
         },
         ErrorCode::kPermission, "CAP_SYS_PTRACE", "add: [SYS_PTRACE]"},
        {"root in a container, other user",
         [&](auto& f) {
             root(f);
             f.target_uid = 5;
             f.container = Container::kDocker;
         },
         ErrorCode::kPermission, "another user", "--cap-add"},
        {"root without capability", root, ErrorCode::kPermission, "CAP_SYS_PTRACE", "CAP_SYS_PTRACE"},
        {"root of a user namespace",
         [&](auto& f) {
             root(f);
             f.cap_sys_ptrace = true;
             f.initial_user_namespace = false;
         },
         ErrorCode::kPermission, "user namespace", "outside"},
        {"seccomp",
         [](auto& f) {
             f.seccomp = 2;
             f.container = Container::kDocker;
         },
         ErrorCode::kPermission, "seccomp", "seccomp=unconfined"},
        {"old kernel", [](auto& f) { f.os_errno = ENOSYS; }, ErrorCode::kPermission, "process_vm_readv",
         "CONFIG_CROSS_MEMORY_ATTACH"},
        {"not dumpable", [](auto& f) { f.dumpable = false; }, ErrorCode::kPermission, "PR_SET_DUMPABLE", "sudo"},
        {"traced",
         [](auto& f) {
             f.tracer = 77;
             f.tracer_name = "gdb\x1b[2J";
         },
         ErrorCode::kPermission, "process 77 (gdb", "tracer"},
        {"security module",
         [&](auto& f) {
             root(f);
             f.cap_sys_ptrace = true;
             f.selinux = true;
         },
         ErrorCode::kPermission, "security module", "setsebool"},
    };
    for (const Row& row : rows) {
        const Error error = verdict(row.change);
        EXPECT_EQ(error.code, row.code) << row.name;
        EXPECT_NE(error.message.find(row.cause), std::string::npos) << row.name << ": " << error.message;
        EXPECT_NE(error.hint.find(row.remedy), std::string::npos) << row.name << ": " << error.hint;
        for (const std::string& text : {error.message, error.hint}) {
            for (const char c : text) EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20 || c == 0x7f) << row.name;
        }
    }
}

int wait_inside(ChildPort& port) {
    port.ready();
    port.await_go();
    return 0;
}

bool drop_capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[2] = {};
    return ::syscall(SYS_capset, &header, none) == 0;
}

/// In a fork that has first become somebody with `become`: the message of the failed attempt to read `pid`.
std::string refusal(Pid pid, const std::function<bool()>& become) {
    ForkedChild child([&](ChildPort& port) {
        std::array<char, 512> text{};
        if (!become()) {
            std::strcpy(text.data(), "skip");
        } else if (const auto memory = VmMemory::open(pid); !memory) {
            const std::string line = memory.error().message + "; " + memory.error().hint;
            line.copy(text.data(), text.size() - 1);
        } else {
            std::strcpy(text.data(), "permitted");
        }
        port.send(text);
        return 0;
    });
    return child.receive<std::array<char, 512>>().data();
}

class RealRefusals : public testing::Test {
  protected:
    void SetUp() override {
        if (::getuid() != 0) GTEST_SKIP() << "needs root to give up rights";
    }
};

TEST_F(RealRefusals, OtherUser) {
    ForkedChild victim(wait_inside);
    victim.await_ready();
    const std::string text = refusal(victim.pid(), [] { return ::setresuid(65534, 65534, 65534) == 0; });
    EXPECT_NE(text.find("uid 0"), std::string::npos) << text;
    EXPECT_NE(text.find("uid 65534"), std::string::npos) << text;
}

TEST_F(RealRefusals, RootWithoutTheCapability) {
    ForkedChild victim([](ChildPort& port) {
        if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) return 1;
        return wait_inside(port);
    });
    victim.await_ready();
    const std::string text = refusal(victim.pid(), drop_capabilities);
    EXPECT_NE(text.find("CAP_SYS_PTRACE"), std::string::npos) << text;
}

TEST_F(RealRefusals, NotDumpable) {
    const auto nobody = [] { return ::setresgid(65534, 65534, 65534) == 0 && ::setresuid(65534, 65534, 65534) == 0; };
    ForkedChild victim([&](ChildPort& port) {
        if (!nobody()) return 1;
        ::prctl(PR_SET_DUMPABLE, 0);
        return wait_inside(port);
    });
    victim.await_ready();
    const std::string text = refusal(victim.pid(), nobody);
    EXPECT_NE(text.find("PR_SET_DUMPABLE"), std::string::npos) << text;
    // With the capability it is no obstacle.
    EXPECT_EQ(refusal(victim.pid(), [] { return true; }), "permitted");
}

TEST_F(RealRefusals, RootOfANewUserNamespace) {
    ForkedChild victim(wait_inside);
    victim.await_ready();
    const std::string text = refusal(victim.pid(), [] { return ::unshare(CLONE_NEWUSER) == 0; });
    if (text == "skip") GTEST_SKIP() << "no user namespaces here";
    EXPECT_NE(text.find("user namespace"), std::string::npos) << text;
}

/// Makes `call` fail with `error` in this process, by a seccomp filter.
bool deny(std::uint32_t call, std::uint32_t error) {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{4, filter};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST_F(RealRefusals, DeniedCallFallsBackToProcMem) {
    static std::uint64_t value = 0x0102030405060708;
    ForkedChild victim(wait_inside);
    victim.await_ready();
    for (const std::uint32_t error : {1U, 38U}) {  // EPERM, ENOSYS
        // Denied from the start, and denied after it has worked.
        for (const bool late : {false, true}) {
            ForkedChild reader([&](ChildPort&) {
                if (!late && !deny(SYS_process_vm_readv, error)) return 1;
                const auto memory = VmMemory::open(victim.pid());
                if (!memory) return 2;
                if (late &&
                    ((*memory)->method() != VmMemory::Method::kProcessVmReadv || !deny(SYS_process_vm_readv, error))) {
                    return 3;
                }
                const RemoteAddr address(reinterpret_cast<std::uint64_t>(&value));
                if ((*memory)->read_value<std::uint64_t>(address) != value) return 4;
                return (*memory)->method() == VmMemory::Method::kProcMem ? 0 : 5;
            });
            EXPECT_EQ(reader.wait(), 0);
        }
    }
}

TEST_F(RealRefusals, WorksWithoutPidfd) {
    ForkedChild victim(wait_inside);
    victim.await_ready();
    ForkedChild reader([&](ChildPort& port) {
        if (!deny(SYS_pidfd_open, EPERM)) return 1;
        const auto handle = ProcessHandle::open(victim.pid());
        if (!handle || handle->exited()) return 2;
        port.ready();
        port.await_go();
        return handle->exited() && !ProcessHandle::open(victim.pid()) ? 0 : 3;
    });
    reader.await_ready();
    victim.signal(SIGKILL);
    victim.await_zombie();
    reader.go();
    EXPECT_EQ(reader.wait(), 0);
}

TEST(Permissions, ReadsTheFactsOfALivingProcess) {
    ForkedChild victim(wait_inside);
    victim.await_ready();
    const AccessFacts facts = gather_access_facts(victim.pid(), EPERM);
    EXPECT_TRUE(facts.exists && facts.dumpable && facts.descendant);
    EXPECT_FALSE(facts.zombie || facts.kernel_thread);
    EXPECT_EQ(facts.target_uid, ::getuid());
    EXPECT_EQ(facts.tracer, 0);
    EXPECT_FALSE(gather_access_facts(Pid(0x7ffffff0), ESRCH).exists);
    // kthreadd, where this pid namespace has it.
    if (const auto two = gather_access_facts(Pid(2), EPERM); two.exists && two.kernel_thread) {
        EXPECT_EQ(explain(two).code, ErrorCode::kNotPython);
    }
}

}  // namespace
}  // namespace lampyr::process
