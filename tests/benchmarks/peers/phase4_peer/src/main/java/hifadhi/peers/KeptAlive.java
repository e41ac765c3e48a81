package hifadhi.peers;

import com.helger.http.header.HttpHeaderMap;
import com.helger.httpclient.HttpClientFactory;
import com.helger.httpclient.HttpClientManager;
import com.helger.httpclient.HttpClientSettings;
import com.helger.phase4.messaging.http.BasicHttpPoster;
import java.io.IOException;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.HttpClientResponseHandler;
import org.apache.hc.core5.util.Timeout;

/** One pool of connections for all messages. phase4's own poster makes a client, and so a connection, for each. */
final class KeptAlive extends BasicHttpPoster {
  // A cold JVM on a busy machine may take longer for its first answers than the default of some seconds.
  private static final Timeout PATIENCE = Timeout.ofSeconds(60);

  private final HttpClientManager client =
      new HttpClientManager(
          new HttpClientFactory(new HttpClientSettings().setUseKeepAlive(true).setResponseTimeout(PATIENCE)));

  @Override
  public <T> T sendGenericMessage(
      final String url,
      final HttpHeaderMap headers,
      final HttpEntity entity,
      final HttpClientResponseHandler<? extends T> handler)
      throws IOException {
    final HttpPost post = new HttpPost(url);
    if (headers != null) {
      headers.forEachSingleHeader(post::addHeader, true, false);
    }
    post.setEntity(entity);
    return client.execute(post, handler);
  }
}
