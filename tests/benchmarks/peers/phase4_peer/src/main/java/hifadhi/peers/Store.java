package hifadhi.peers;

import com.helger.annotation.style.IsSPIImplementation;
import com.helger.collection.commons.ICommonsList;
import com.helger.http.header.HttpHeaderMap;
import com.helger.phase4.attachment.WSS4JAttachment;
import com.helger.phase4.ebms3header.Ebms3SignalMessage;
import com.helger.phase4.ebms3header.Ebms3UserMessage;
import com.helger.phase4.error.AS4ErrorList;
import com.helger.phase4.incoming.IAS4IncomingMessageMetadata;
import com.helger.phase4.incoming.IAS4IncomingMessageState;
import com.helger.phase4.incoming.spi.AS4MessageProcessorResult;
import com.helger.phase4.incoming.spi.AS4SignalMessageProcessorResult;
import com.helger.phase4.incoming.spi.IAS4IncomingMessageProcessorSPI;
import com.helger.phase4.model.pmode.IPMode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.w3c.dom.Node;

/** Puts each opened payload on disk, in a file of its own, before phase4 signs the receipt. */
@IsSPIImplementation
public final class Store implements IAS4IncomingMessageProcessorSPI {
  static volatile Path folder;

  @Override
  public AS4MessageProcessorResult processAS4UserMessage(
      final IAS4IncomingMessageMetadata metadata,
      final HttpHeaderMap headers,
      final Ebms3UserMessage message,
      final IPMode mode,
      final Node payload,
      final ICommonsList<WSS4JAttachment> attachments,
      final IAS4IncomingMessageState state,
      final AS4ErrorList errors) {
    try (InputStream opened = attachments.getFirstOrNull().getSourceStream()) {
      write(folder.resolve(message.getMessageInfo().getMessageId()), opened.readAllBytes());
    } catch (final IOException failure) {
      throw new UncheckedIOException(failure);
    }
    return AS4MessageProcessorResult.createSuccess();
  }

  private static void write(final Path file, final byte[] payload) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
      final ByteBuffer rest = ByteBuffer.wrap(payload);
      while (rest.hasRemaining()) {
        channel.write(rest);
      }
      channel.force(false);
    }
  }

  @Override
  public AS4SignalMessageProcessorResult processAS4SignalMessage(
      final IAS4IncomingMessageMetadata metadata,
      final HttpHeaderMap headers,
      final Ebms3SignalMessage message,
      final IPMode mode,
      final IAS4IncomingMessageState state,
      final AS4ErrorList errors) {
    return AS4SignalMessageProcessorResult.createSuccess();
  }

  @Override
  public void processAS4ResponseMessage(
      final IAS4IncomingMessageMetadata metadata,
      final IAS4IncomingMessageState state,
      final String messageId,
      final byte[] response,
      final boolean available) {}
}
