import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Checks a ledger, and proofs out of one, with a plain JDK 17 and nothing else. Written from the published formats:
 * C2SP signed-note, tlog-checkpoint, tlog-tiles and tlog-proof; RFC 6962 for hashes, RFC 9162 §2.1 for proofs.
 *
 * <pre>
 * java VerifyLedger.java ledger ROOT.json FOLDER [OLDER-CHECKPOINT ...]
 * java VerifyLedger.java proof ROOT.json FILE.tlog-proof LEAF
 * </pre>
 *
 * It prints what it has verified and ends with 0; what does not hold it names, and ends with 1. A wrong call
 * ends with 2.
 */
public final class VerifyLedger {
    static final int WIDTH = 256;
    static final int HASH = 32;

    /** How far apart the leaves are whose audit paths are followed besides the first 300 and the last. */
    static final int SAMPLED = 997;

    public static void main(String[] args) throws GeneralSecurityException {
        try {
            System.out.println("VERIFIED: " + run(args));
        } catch (Refused refused) {
            System.err.println("REFUSED: " + refused.getMessage());
            System.exit(1);
        } catch (IOException missing) {
            System.err.println("REFUSED: cannot be read: " + missing.getMessage());
            System.exit(1);
        }
    }

    static String run(String[] args) throws IOException, GeneralSecurityException {
        if (args.length >= 3 && args[0].equals("ledger")) {
            List<Path> older = Arrays.stream(args).skip(3).map(Path::of).toList();
            return Ledger.verify(Root.read(Path.of(args[1])), Path.of(args[2]), older);
        }
        if (args.length == 4 && args[0].equals("proof")) {
            return Proof.verify(Root.read(Path.of(args[1])), Path.of(args[2]), Files.readAllBytes(Path.of(args[3])));
        }
        System.err.println("usage: java VerifyLedger.java ledger ROOT.json FOLDER [OLDER-CHECKPOINT ...]");
        System.err.println("       java VerifyLedger.java proof ROOT.json FILE.tlog-proof LEAF");
        System.exit(2);
        return "";
    }

    /** Something that does not hold. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;

        Refused(String why) {
            super(why);
        }
    }

    static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new Refused(otherwise);
        }
    }

    /** What root.json says of the ledger: its name, and the Ed25519 keys of its checkpoints, 32 bytes each. */
    record Root(String origin, List<byte[]> keys) {
        static Root read(Path path) throws IOException {
            String text = Files.readString(path);
            List<byte[]> keys = new ArrayList<>();
            String ledger = found(text, "\"ledger\"\\s*:\\s*\\[([^\\]]*)\\]");
            Matcher x = Pattern.compile("\"x\"\\s*:\\s*\"([A-Za-z0-9_-]{43})\"").matcher(ledger);
            while (x.find()) {
                keys.add(Base64.getUrlDecoder().decode(x.group(1)));
            }
            check(!keys.isEmpty(), "root.json names no key of the ledger");
            return new Root(found(text, "\"origin\"\\s*:\\s*\"([a-z0-9./_-]+)\""), keys);
        }

        private static String found(String text, String pattern) {
            Matcher matcher = Pattern.compile(pattern).matcher(text);
            check(matcher.find(), "root.json is not complete");
            return matcher.group(1);
        }

        /** The first 4 bytes of SHA-256(name, LF, signature type 1, key): how a signature names its key. */
        byte[] keyId(byte[] key) {
            return Arrays.copyOf(sha256((origin + "\n").getBytes(StandardCharsets.UTF_8), new byte[] {1}, key), 4);
        }
    }

    /** The tree that a signed note speaks of. */
    record Checkpoint(long size, byte[] root) {
        private static final Pattern LINE = Pattern.compile("\u2014 ([^\\s+]+) ([A-Za-z0-9+/=]+)");

        static Checkpoint open(String note, Root root) throws GeneralSecurityException {
            int end = note.lastIndexOf("\n\n");
            check(end > 0 && note.endsWith("\n"), "checkpoint: not a signed note");
            String text = note.substring(0, end + 1);
            boolean signed = false;
            for (String line : note.substring(end + 2).split("\n")) {
                signed |= isSigned(text, line, root);
            }
            check(signed, "checkpoint: not signed by a key of root.json");
            return parse(text, root.origin());
        }

        /** Whether a known key made this signature; one that is misused is refused, whoever else signed. */
        private static boolean isSigned(String text, String line, Root root) throws GeneralSecurityException {
            Matcher parts = LINE.matcher(line);
            check(parts.matches(), "checkpoint: not a signature line");
            byte[] value = decoded(parts.group(2));
            for (byte[] key : root.keys()) {
                boolean named = value.length > 4 && Arrays.equals(Arrays.copyOf(value, 4), root.keyId(key));
                if (named && parts.group(1).equals(root.origin())) {
                    byte[] signature = Arrays.copyOfRange(value, 4, value.length);
                    check(verifies(key, text, signature), "checkpoint: the signature does not verify");
                    return true;
                }
            }
            return false;
        }

        private static boolean verifies(byte[] key, String text, byte[] signature) throws GeneralSecurityException {
            byte[] prefix = HexFormat.of().parseHex("302a300506032b6570032100"); // RFC 8410: an Ed25519 key's wrapping
            byte[] encoded = ByteBuffer.allocate(prefix.length + HASH).put(prefix).put(key).array();
            PublicKey publicKey = KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
            Signature verifier = Signature.getInstance("Ed25519");
            verifier.initVerify(publicKey);
            verifier.update(text.getBytes(StandardCharsets.UTF_8));
            return signature.length == 64 && verifier.verify(signature);
        }

        private static Checkpoint parse(String text, String origin) {
            String[] lines = text.split("\n", -1);
            check(lines.length == 4 && lines[3].isEmpty(), "checkpoint: must be origin, size and root");
            check(lines[0].equals(origin), "checkpoint: of another origin");
            byte[] root = decoded(lines[2]);
            check(root.length == HASH, "checkpoint: the root is not a hash");
            return new Checkpoint(number(lines[1]), root);
        }
    }

    /** A ledger's leaves as a tree: `levels[h][i]` is the root over the leaves i * 2^h to (i + 1) * 2^h - 1. */
    record Tree(long size, List<List<byte[]>> levels) {
        static Tree of(List<byte[]> leaves) {
            List<List<byte[]>> levels = new ArrayList<>(List.of(leaves));
            for (List<byte[]> below = leaves; below.size() > 1; below = levels.get(levels.size() - 1)) {
                List<byte[]> above = new ArrayList<>(below.size() / 2);
                for (int at = 0; at + 1 < below.size(); at += 2) {
                    above.add(node(below.get(at), below.get(at + 1)));
                }
                levels.add(above);
            }
            return new Tree(leaves.size(), levels);
        }

        /** The root over the leaves `first` to `end - 1`, which is a subtree of some tree. */
        byte[] root(long first, long end) {
            long count = end - first;
            if (Long.bitCount(count) == 1) {
                int level = Long.numberOfTrailingZeros(count);
                return levels.get(level).get((int) (first >> level));
            }
            long middle = first + Long.highestOneBit(count - 1);
            return node(root(first, middle), root(middle, end));
        }

        /** The audit path of a leaf, its sibling first (RFC 9162 §2.1.3.1). */
        List<byte[]> path(long index, long first, long end) {
            if (end - first == 1) {
                return new ArrayList<>();
            }
            long middle = first + Long.highestOneBit(end - first - 1);
            boolean left = index < middle;
            List<byte[]> path = left ? path(index, first, middle) : path(index, middle, end);
            path.add(left ? root(middle, end) : root(first, middle));
            return path;
        }

        /** What proves that the tree of `older` leaves is the beginning of this one (RFC 9162 §2.1.4.1). */
        List<byte[]> consistency(long older, long first, long end, boolean whole) {
            if (older == end) {
                return whole ? new ArrayList<>() : new ArrayList<>(List.of(root(first, end)));
            }
            long middle = first + Long.highestOneBit(end - first - 1);
            boolean left = older <= middle;
            List<byte[]> proof =
                    left ? consistency(older, first, middle, whole) : consistency(older, middle, end, false);
            proof.add(left ? root(middle, end) : root(first, middle));
            return proof;
        }
    }

    /** The folder of a ledger: every tile and leaf, the checkpoint, older checkpoints. */
    static final class Ledger {
        static String verify(Root root, Path folder, List<Path> older) throws IOException, GeneralSecurityException {
            Checkpoint checkpoint = Checkpoint.open(Files.readString(folder.resolve("checkpoint")), root);
            check(checkpoint.size() > 0 && checkpoint.size() < Integer.MAX_VALUE, "a size beyond this program");
            Tree tree = Tree.of(leaves(folder, (int) checkpoint.size()));
            int tiles = checkTiles(folder, tree);
            check(Arrays.equals(tree.root(0, tree.size()), checkpoint.root()), "the tiles do not give the root");
            checkPaths(tree, checkpoint);
            for (Path each : older) {
                checkOlder(tree, checkpoint, Checkpoint.open(Files.readString(each), root));
            }
            return tree.size() + " leaves, " + tiles + " tiles, " + older.size() + " older checkpoints";
        }

        private static List<byte[]> leaves(Path folder, int size) throws IOException {
            List<byte[]> hashes = new ArrayList<>(size);
            while (hashes.size() < size) {
                int width = Math.min(WIDTH, size - hashes.size());
                String path = path("entries", hashes.size() / WIDTH, width);
                ByteBuffer bundle = ByteBuffer.wrap(Files.readAllBytes(folder.resolve(path)));
                for (int entry = 0; entry < width; entry++) {
                    check(bundle.remaining() >= 2, path + ": has too few leaves");
                    int length = Short.toUnsignedInt(bundle.getShort());
                    check(bundle.remaining() >= length, path + ": ends within a leaf");
                    byte[] leaf = new byte[length];
                    bundle.get(leaf);
                    hashes.add(leafHash(leaf));
                }
                check(!bundle.hasRemaining(), path + ": has more than its leaves");
            }
            return hashes;
        }

        /** Each tile's hashes are the tree's: those of level 8 * n of the tree lie in the tiles of level n. */
        private static int checkTiles(Path folder, Tree tree) throws IOException {
            int tiles = 0;
            for (int level = 0; 8 * level < tree.levels().size(); level++) {
                List<byte[]> row = tree.levels().get(8 * level);
                for (int first = 0; first < row.size(); first += WIDTH, tiles++) {
                    List<byte[]> hashes = row.subList(first, Math.min(first + WIDTH, row.size()));
                    String path = path(String.valueOf(level), first / WIDTH, hashes.size());
                    byte[] tile = Files.readAllBytes(folder.resolve(path));
                    check(Arrays.equals(tile, joined(hashes)), path + ": its hashes are not those of the leaves");
                }
            }
            return tiles;
        }

        private static void checkPaths(Tree tree, Checkpoint checkpoint) {
            for (long index = 0; index < tree.size(); index++) {
                if (index >= 300 && index % SAMPLED != 0 && index != tree.size() - 1) {
                    continue;
                }
                byte[] leaf = tree.levels().get(0).get((int) index);
                Proof.checkInclusion(leaf, index, checkpoint, tree.path(index, 0, tree.size()));
            }
        }

        private static void checkOlder(Tree tree, Checkpoint newer, Checkpoint older) {
            check(older.size() <= newer.size(), "the ledger was rolled back");
            check(older.size() > 0, "an older checkpoint of an empty tree proves nothing");
            Proof.checkConsistency(older, newer, tree.consistency(older.size(), 0, tree.size(), true));
        }

        /** C2SP tlog-tiles: groups of three digits, all but the last with an x before them. */
        static String path(String level, int index, int width) {
            String number = String.format("%03d", index % 1000);
            for (int rest = index / 1000; rest > 0; rest /= 1000) {
                number = String.format("x%03d/%s", rest % 1000, number);
            }
            return "tile/" + level + "/" + number + (width == WIDTH ? "" : ".p/" + width);
        }
    }

    /** Proofs, and the file that holds one. */
    static final class Proof {
        static String verify(Root root, Path path, byte[] leaf) throws IOException, GeneralSecurityException {
            String[] parts = Files.readString(path).split("\n\n", 2);
            String[] lines = parts[0].split("\n");
            boolean begins = parts.length == 2 && lines.length >= 2 && lines[0].equals("c2sp.org/tlog-proof@v1");
            check(begins && lines[1].startsWith("index "), "proof: does not begin as a tlog-proof does");
            Checkpoint checkpoint = Checkpoint.open(parts[1], root);
            long index = number(lines[1].substring("index ".length()));
            List<byte[]> hashes = Arrays.stream(lines).skip(2).map(VerifyLedger::decoded).toList();
            checkInclusion(leafHash(leaf), index, checkpoint, hashes);
            return "leaf " + index + " of " + checkpoint.size();
        }

        /** RFC 9162 §2.1.3.2. */
        static void checkInclusion(byte[] leaf, long index, Checkpoint tree, List<byte[]> path) {
            check(index < tree.size(), "proof: the tree has no such leaf");
            long at = index;
            long last = tree.size() - 1;
            byte[] hash = leaf;
            for (byte[] sibling : path) {
                check(last > 0 && sibling.length == HASH, "proof: too long, or not of hashes");
                if ((at & 1) == 1 || at == last) {
                    hash = node(sibling, hash);
                    int shift = Long.numberOfTrailingZeros(at); // up to where this node is a right child
                    at >>= shift;
                    last >>= shift;
                } else {
                    hash = node(hash, sibling);
                }
                at >>= 1;
                last >>= 1;
            }
            check(last == 0 && Arrays.equals(hash, tree.root()), "proof: does not lead from the leaf to the root");
        }

        /** RFC 9162 §2.1.4.2. */
        static void checkConsistency(Checkpoint older, Checkpoint newer, List<byte[]> proof) {
            String otherwise = "the tree of " + newer.size() + " leaves does not begin with that of " + older.size();
            if (older.size() == newer.size()) {
                check(proof.isEmpty() && Arrays.equals(older.root(), newer.root()), otherwise);
                return;
            }
            List<byte[]> hashes = new ArrayList<>(proof);
            if (Long.bitCount(older.size()) == 1) {
                hashes.add(0, older.root());
            }
            int shift = Long.numberOfTrailingZeros(~(older.size() - 1));
            long at = (older.size() - 1) >> shift;
            long last = (newer.size() - 1) >> shift;
            byte[] olderRoot = hashes.get(0);
            byte[] newerRoot = hashes.get(0);
            for (byte[] hash : hashes.subList(1, hashes.size())) {
                check(last > 0, otherwise);
                if ((at & 1) == 1 || at == last) {
                    olderRoot = node(hash, olderRoot);
                    newerRoot = node(hash, newerRoot);
                    int up = Long.numberOfTrailingZeros(at);
                    at >>= up;
                    last >>= up;
                } else {
                    newerRoot = node(newerRoot, hash);
                }
                at >>= 1;
                last >>= 1;
            }
            check(last == 0 && Arrays.equals(olderRoot, older.root()), otherwise);
            check(Arrays.equals(newerRoot, newer.root()), otherwise);
        }
    }

    static byte[] leafHash(byte[] leaf) {
        return sha256(new byte[] {0}, leaf);
    }

    static byte[] node(byte[] left, byte[] right) {
        return sha256(new byte[] {1}, left, right);
    }

    static byte[] sha256(byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (byte[] part : parts) {
                digest.update(part);
            }
            return digest.digest();
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every JDK has SHA-256", impossible);
        }
    }

    static byte[] joined(List<byte[]> hashes) {
        ByteBuffer all = ByteBuffer.allocate(hashes.size() * HASH);
        hashes.forEach(all::put);
        return all.array();
    }

    /** Base64 in its one spelling. */
    static byte[] decoded(String text) {
        try {
            byte[] raw = Base64.getDecoder().decode(text);
            check(Base64.getEncoder().encodeToString(raw).equals(text), "not base64");
            return raw;
        } catch (IllegalArgumentException badly) {
            throw new Refused("not base64");
        }
    }

    static long number(String text) {
        check(text.matches("0|[1-9][0-9]{0,17}"), "not a decimal number");
        return Long.parseLong(text);
    }
}
