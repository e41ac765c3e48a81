package hifadhi.peers;

import com.helger.json.IJsonObject;
import com.helger.json.serialize.JsonReader;
import com.helger.phase4.CAS4;
import com.helger.phase4.attachment.AS4OutgoingAttachment;
import com.helger.phase4.crypto.IAS4CryptoFactory;
import com.helger.phase4.model.pmode.IPModeIDProvider;
import com.helger.phase4.model.pmode.PMode;
import com.helger.phase4.sender.AS4Sender;
import com.helger.phase4.sender.EAS4UserMessageSendResult;
import com.helger.phase4.sender.IAS4SignalMessageValidationResultHandler;
import com.helger.scope.mgr.ScopeManager;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** The sending access point: {@code Sender PLAN} (see `plan.py`). Each receipt's signature and digests are verified. */
public final class Sender {
  private static final double NANOS = 1e9;

  private final IAS4CryptoFactory keys;
  private final X509Certificate receiver;
  private final byte[] payload;
  private final String url;
  private final PMode mode;
  private final KeptAlive connections = new KeptAlive();
  private final int workers;

  private Sender(final IJsonObject plan) throws Exception {
    final Path folder = Path.of(plan.getAsString("keys"));
    keys = Keys.of(folder, "sender");
    receiver = Keys.certificate(folder, "receiver");
    payload = Files.readAllBytes(Path.of(plan.getAsString("payload")));
    url = plan.getAsArray("urls").getValueAtIndex(0).getAsString();
    mode = Mode.between("sender", "receiver", url, IPModeIDProvider.DEFAULT_DYNAMIC);
    workers = plan.getAsInt("connections");
  }

  public static void main(final String[] arguments) throws Exception {
    final IJsonObject plan = JsonReader.builder().source(Files.readString(Path.of(arguments[0]))).readAsObject();
    Quiet.begin();
    ScopeManager.onGlobalBegin("sender");
    Mode.register();
    final Sender sender = new Sender(plan);
    sender.run(plan.getAsDouble("warm_up_s"), 0);
    System.out.println("ready");
    new BufferedReader(new InputStreamReader(System.in)).readLine();
    Files.write(Path.of(plan.getAsString("log")), sender.run(plan.getAsDouble("seconds"), plan.getAsDouble("rate")));
    System.exit(0);
  }

  /** As fast as the receipts come, or at a rate a second; a line for each message: when it began, when it was done. */
  private Iterable<String> run(final double seconds, final double rate) throws Exception {
    final ConcurrentLinkedQueue<String> log = new ConcurrentLinkedQueue<>();
    final AtomicLong turn = new AtomicLong();
    final long begins = System.nanoTime();
    final Callable<Void> work =
        () -> {
          while (true) {
            final long number = turn.getAndIncrement();
            final long due = rate > 0 ? begins + (long) (number / rate * NANOS) : System.nanoTime();
            if (due - begins >= seconds * NANOS) {
              return null;
            }
            waitFor(due);
            final long began = System.nanoTime();
            send();
            log.add(began + " " + System.nanoTime());
          }
        };
    final ExecutorService pool = Executors.newFixedThreadPool(workers);
    try {
      for (final Future<Void> one : pool.invokeAll(Collections.nCopies(workers, work))) {
        one.get();
      }
    } finally {
      pool.shutdownNow();
    }
    return log;
  }

  private static void waitFor(final long due) throws InterruptedException {
    final long left = due - System.nanoTime();
    if (left > 0) {
      Thread.sleep(left / 1_000_000, (int) (left % 1_000_000));
    }
  }

  private void send() {
    final Verified verified = new Verified();
    final EAS4UserMessageSendResult result =
        AS4Sender.builderUserMessage()
            .as4ProfileID(Mode.PROFILE)
            .pmode(mode)
            .cryptoFactory(keys)
            .receiverCertificate(receiver)
            .customHttpPoster(connections)
            .service(Mode.SERVICE)
            .action(Mode.ACTION)
            .agreementRef(Mode.AGREEMENT)
            .fromPartyID("sender")
            .fromRole(CAS4.DEFAULT_INITIATOR_URL)
            .toPartyID("receiver")
            .toRole(CAS4.DEFAULT_RESPONDER_URL)
            .endpointURL(url)
            .payload(AS4OutgoingAttachment.builder().data(payload).mimeTypeXML().compressionGZIP())
            .signalMsgConsumer((signal, metadata, state) -> verified.signed = state.hasSigningCertificate())
            .signalMsgValidationResultHdl(verified)
            .sendMessageAndCheckForReceipt();
    if (!result.isSuccess() || !verified.signed || !verified.same) {
      throw new IllegalStateException("no verified receipt: " + result);
    }
  }

  /** Whether the receipt was signed, and names the digests that were sent. */
  private static final class Verified implements IAS4SignalMessageValidationResultHandler {
    private boolean signed;
    private boolean same;

    @Override
    public void onSuccess() {
      same = true;
    }

    @Override
    public void onError(final String error) {
      throw new IllegalStateException(error);
    }

    @Override
    public void onNotApplicable() {}
  }
}
