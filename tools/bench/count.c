/*
 * A plugin for QEMU's emulation: counts the instructions that the whole machine
 * executes, guests of its guests included. The counters are two 64-bit words in
 * the file that out= names, for a script inside the machine to read: the
 * instructions, and apart from them the repetitions of string instructions, of
 * which a real processor does many at a time.
 *
 * Debian packs no qemu-plugin.h; these are the declarations of it that are used
 * here (API version 1, QEMU 4.2 to 8).
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

void qemu_plugin_register_vcpu_tb_trans_cb(
	qemu_plugin_id_t id,
	void (*cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb,
					      enum qemu_plugin_op op, void *ptr,
					      uint64_t imm);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;
__attribute__((visibility("default")))
int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc,
			char **argv);

static uint64_t *words;
enum { INSTRUCTIONS, REPETITIONS };

/* rep or repne, other prefixes, and one of the string instructions. */
static bool repeats(const struct qemu_plugin_insn *insn)
{
	static const uint8_t strings[] = {
		0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf,
		0x6c, 0x6d, 0x6e, 0x6f,
	};
	const uint8_t *byte = qemu_plugin_insn_data(insn);
	size_t len = qemu_plugin_insn_size(insn);
	bool rep = false;

	if (len == 0 || !memchr(strings, byte[len - 1], sizeof(strings)))
		return false;
	for (size_t i = 0; i + 1 < len; i++) {
		if (byte[i] == 0xf2 || byte[i] == 0xf3)
			rep = true;
		else if (byte[i] != 0x66 && byte[i] != 0x67 &&
			 byte[i] >> 4 != 4)
			return false;
	}
	return rep;
}

/* A repetition is a block of its own that is executed once for each round. */
static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	bool rep = n == 1 && repeats(qemu_plugin_tb_get_insn(tb, 0));

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(
		tb, QEMU_PLUGIN_INLINE_ADD_U64,
		&words[rep ? REPETITIONS : INSTRUCTIONS], n);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc,
			char **argv)
{
	size_t len = (size_t)sysconf(_SC_PAGESIZE);
	int fd;

	(void)info;
	if (argc < 1 || strncmp(argv[0], "out=", 4))
		return 1;
	fd = open(argv[0] + 4, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || ftruncate(fd, (off_t)len) < 0)
		return 1;
	words = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (words == MAP_FAILED)
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
