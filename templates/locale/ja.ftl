# Own pages, Japanese.

error-title = エラー: { $title }
support-label = お困りのときは:
account-label = アカウント:
request-label = リクエスト番号:
password-label = パスワード
code-label = コード
continue = 続ける
sign-in-again = もう一度サインイン
your-account = サインインの状態
to-the-start = トップページへ

sign-in-title = サインイン
sign-in-name = ユーザー名またはメールアドレス
sign-in-wrong = ユーザー名またはパスワードが正しくありません。
sign-in-forgotten = パスワードを忘れた場合は、管理者に新しいパスワードを依頼してください。

arrived-title = ブラウザーにサインインが保存されませんでした
arrived-text = 入力内容は正しいですが、サインインを保つ Cookie がブラウザーから返ってきませんでした。
arrived-do = このサイトの Cookie を許可するか、Cookie を保存するウィンドウを使って、もう一度サインインしてください。

gone-title = このサインインは終了しました
gone-text = 期限が切れたか、別のタブで完了したか、ブラウザーから Cookie が送られませんでした。
gone-do = もう一度サインインしてください。このページがまた表示される場合は、このサイトの Cookie を許可してください。

ended-title = 誤ったコードが多すぎます
ended-text = アカウントを守るため、このサインインを終了しました。
ended-do = 端末の時計が自動設定になっていることを確かめてから、もう一度サインインしてください。

challenge-title = コードを入力
challenge-step-up = サインイン済みです。開こうとしているものには、新しいコードが必要です。
challenge-lead = 認証アプリを開き、このアカウントに表示されている { $digits } 桁の数字を入力してください。
challenge-time = 制限時間は 10 分です。過ぎた場合は、もう一度サインインしてください。
challenge-lost-title = 認証アプリを失くした場合
challenge-lost-elsewhere = ここではバックアップコードは使えません。失くした認証アプリを置き換えるには、サインアウトしてから、バックアップコードでサインインしてください。
challenge-lost-reset = 管理者に多要素認証のリセットを依頼してください。次のサインインのときに、あらためて設定します。
challenge-lost-support = 管理者が対応できない場合は、サポートにお問い合わせください:
code-wrong =
    { $left ->
       *[other] コードが正しくありません。残り { $left } 回です。
    }
code-used =
    { $left ->
       *[other] このコードは使用済みです。次のコードを待ってください。残り { $left } 回です。
    }

set-up-title = 多要素認証の設定
set-up-lead = 今後のサインインには、パスワードとアプリのコードの両方が必要になります。
set-up-password-lead = 他の人に設定されないように、パスワードをもう一度入力してください。
set-up-password-wrong = パスワードが正しくありません。
set-up-app-title = 認証アプリを用意する
set-up-apps = よく使われるのは Google Authenticator、Microsoft Authenticator、Authy、1Password、Bitwarden です。時間ベースのコードに対応したアプリならどれでも使えます。
set-up-apps-computer = 最後の 2 つはパソコンでも使えます。コードの生成にネットワークは必要ありません。
set-up-scan-title = アプリで QR コードを読み取る
set-up-qr = QR コード。読み取れない場合は下のキーを使ってください
set-up-key = または、このキーをアプリに入力してください:
set-up-open = または、この端末のアプリで開く
set-up-secret = 誰にも見せないでください。設定が終わるまでの間だけ表示されます。
set-up-confirm-title = コードを入力する
set-up-confirm = アプリに今表示されている { $digits } 桁の数字を入力してください。
set-up-button = 有効にする
set-up-next-title = この後の流れ
set-up-next = コードが正しければ多要素認証が有効になり、保存用のバックアップコードが表示されます。その後、元のページに進みます。サインイン中の他のブラウザーでは、次のリクエストのときにコードを求められます。
set-up-time = 制限時間は 10 分です。過ぎた場合は、最初からやり直してください。
already-on-title = すでに有効です
already-on-text = 多要素認証はすでに有効です。設定し直すには、先に無効にしてください。
not-offered-title = 設定するものはありません
not-offered-text = 現在、このアカウントでは多要素認証を利用できません。

try-again = もう一度試す
back = 戻る
held-title = 試行回数が多すぎます
held-seconds =
    { $seconds ->
       *[other] 何も確認されていません。{ $seconds } 秒後にもう一度お試しください。
    }
held-minutes =
    { $minutes ->
       *[other] 何も確認されていません。{ $minutes } 分後にもう一度お試しください。
    }
held-do = 間違えるたびに待ち時間が長くなります。心当たりのない試行の場合は、管理者に知らせてください。
locked-title = ロックされています
locked-text = 間違ったコードが続いたため、この種類のコードは確認されなくなりました。
locked-do = 管理者にアカウントのロック解除を依頼してください。

challenge-backup-title = バックアップコードを入力
challenge-backup-lead = 保存しておいたバックアップコードを 1 つ入力してください。それぞれ 1 回だけ使えます。
backup-code-label = バックアップコード
challenge-use-backup = バックアップコードを使う
challenge-use-app = 認証アプリを使う
remember-label =
    { $days ->
       *[other] このブラウザーでは { $days } 日間コードを求めない。ご自分の端末でのみ選んでください。
    }
hint-clock-behind =
    { $minutes ->
       *[other] 端末の時計が約 { $minutes } 分遅れています。自動設定にしてから、新しいコードを入力してください。
    }
hint-clock-ahead =
    { $minutes ->
       *[other] 端末の時計が約 { $minutes } 分進んでいます。自動設定にしてから、新しいコードを入力してください。
    }
hint-parameters = お使いのアプリはキーの指定（{ $asked }）に従っていません。別のアプリを使ってください。

enrol-code-lead = このアカウントで設定するには、管理者から受け取る 1 回限りのコードが必要です。
enrol-code-label = 登録コード
enrol-code-wrong = コードが正しくないか、期限が切れています。管理者に新しいコードを依頼してください。

codes-title = バックアップコードを保存
codes-lead = 多要素認証が有効になりました。認証アプリを失くしたときは、このコードの 1 つを代わりに使えます。それぞれ 1 回だけ使えます。表示されるのは今だけです。
codes-label = バックアップコード
codes-copy = コードをクリックすると全体が選択され、コピーできます。このページを印刷すると、コードだけが印刷されます。パスワードとは別の場所に保管してください。
codes-download = コードをダウンロード
codes-file = { $name } のバックアップコード
codes-saved-label = コードを保存しました
codes-not-ticked = コードを保存してチェックを入れてから、続けてください。
codes-next = 元のページに進みます。制限時間は 10 分です。チェックを入れない場合は、次に認証アプリでサインインした後に、新しいコードが 10 個表示されます。
codes-over-title = このコードはもう表示されません
codes-over-text = バックアップコードが表示されるのは一度だけです。保存しなかった場合は、新しいコードを作成してください。
codes-left =
    { $left ->
       *[other] バックアップコードの残りは { $left } 個です。
    }
codes-low = 早めに新しいコードを作成してください。

new-codes-title = 新しいバックアップコードを作成
new-codes-lead = 新しいコードが 10 個作成されます。古いコードはすぐに使えなくなります。
replace-title = 認証アプリを変更
replace-lead = 今の認証アプリの代わりに、別の認証アプリを設定します。
replace-next = 新しい認証アプリを確認すると、古いものは使えなくなり、他の場所ではすべてサインアウトされ、記憶されたブラウザーはなくなります。バックアップコードはそのまま使えます。
disable-title = 多要素認証を無効にする
disable-lead = サインインに必要なのはパスワードだけになります。認証アプリとバックアップコードは使えなくなり、他の場所ではすべてサインアウトされ、記憶されたブラウザーはなくなります。
disable-next = 組織の方針により、すぐに再設定を求められることがあります。
change-code-lead = 認証アプリに今表示されている { $digits } 桁の数字を入力してください。
change-password-lead = パスワードをもう一度入力してください。
change-code-wrong = コードが正しくありません。
change-code-used = このコードは使用済みです。次のコードを待ってください。
refused-title = このサインインではできません
refused-codes = バックアップコードでサインインしています。先に新しい認証アプリを設定するか、今の認証アプリでサインインすると、新しいコードを作成できます。
refused-late = バックアップコードでサインインしてから 15 分以上たちました。もう一度サインインしてください。
refused-disable = バックアップコードでサインインした場合、無効にすることはできません。認証アプリを変更するか、管理者に依頼してください。
not-on-title = 有効になっていません
not-on-text = このアカウントの多要素認証は有効になっていません。

index-by-backup = バックアップコードでサインインしました。このコードはもう使えません。
index-lost = 認証アプリを失くした場合、サインイン後 15 分間は、パスワードだけで変更できます。
index-changes = 変更

index-title = サインインの状態
index-mfa-on = 多要素認証は有効です。
index-mfa-off = 多要素認証は有効になっていません。
sign-out-title = サインアウト
sign-out-here = このブラウザーからサインアウト
sign-out-here-note = このブラウザーでのサインインを終了します。
sign-out-everywhere = すべての場所でサインアウト
sign-out-everywhere-note = すべてのブラウザーと端末でのサインインを終了します。
signed-out-title = サインアウトしました
signed-out-text = このブラウザーでは、このサイトに誰もサインインしていません。

denied-title = このページは開けません
denied-rule = ルール「{ $rule }」により拒否されました。
denied-default = 許可するルールがありません。
denied-exempt = 第 2 の要素が必要ですが、このアカウントは多要素認証の対象外です。
denied-method = お持ちでない、または使い切った第 2 の要素だけが受け付けられます。
denied-method-do = アカウントのページで、お持ちの要素を確認し、新しいバックアップコードを作成できます。
denied-origin = このサイトのページからのリクエストではありません。
denied-do = 必要な場合は、ルールの名前とリクエスト番号を添えて管理者に問い合わせてください。

fault-title = 現在、サインインを確認できません
fault-text = こちら側の障害です。何も通していません。サインインは保たれています。
fault-do = 数秒後にもう一度お試しください。

status-400-title = リクエストを解釈できませんでした
status-400-text = 前のページに戻って読み込み直し、もう一度操作してください。
status-403-title = ここからは利用できません
status-403-text = このページはご自身で開いたときだけ応答し、フォームはこのページから送られたものだけを受け付けます。前のページに戻って読み込み直し、もう一度操作してください。
status-404-title = ページが見つかりません
status-404-text = アドレスを確かめるか、トップページに移動してください。
status-405-title = ここでは利用できません
status-405-text = このアドレスでは、この種類のリクエストは受け付けていません。
status-413-title = 大きすぎます
status-413-text = 送られた内容が、受け付けられる大きさを超えています。
status-415-title = フォームではありません
status-415-text = このページは、自身のフォームだけを受け付けます。
status-502-title = アプリケーションに接続できません
status-502-text = サインインは保たれています。数分後にもう一度お試しください。
status-504-title = アプリケーションの応答が間に合いませんでした
status-504-text = サインインは保たれています。数分後にもう一度お試しください。

form-kept = 送信された内容は 10 分間保管されます。サインイン後に内容を確認し、送信するかどうかを選べます。
form-too-large = 送信された内容は保管されませんでした。256 KB を超えています。サインインする前に前のページに戻り、必要な内容をコピーしてください。
form-kind = 送信された内容は保管されませんでした。この種類のフォームは保管できません。サインインする前に前のページに戻り、必要な内容をコピーしてください。
form-elsewhere = ここに送信された内容は保管されませんでした。このサイトのページから送られたものではありません。サインイン後に、元のサイトでもう一度操作してください。
form-too-many = 送信された内容は保管されませんでした。このブラウザーまたはお使いのネットワークから、すでに 4 件のフォームが送信を待っています。サインインする前に前のページに戻り、必要な内容をコピーしてください。
form-full = 送信された内容は保管されませんでした。現在、空きがありません。サインインする前に前のページに戻り、必要な内容をコピーしてください。
form-failed = こちらの不具合により、送信された内容を保管できませんでした。サインインする前に前のページに戻り、必要な内容をコピーしてください。
form-title = フォームを送信しますか
form-lead = このフォームは、サインインまたはコードの入力を求められる前に送信されました。まだアプリケーションには渡されていません。内容を確認してから送信してください。
form-to = 送信先:
form-empty = このフォームには項目がありません。
form-hidden = 非表示
form-bytes =
    { $bytes ->
       *[other] { $bytes } バイト
    }
form-more =
    { $more ->
       *[other] ほかに { $more } 個の項目が、ここには表示されずに送信されます。
    }
form-unread =
    { $bytes ->
       *[other] 項目を表示できません。大きさは { $bytes } バイトです。
    }
form-send = 送信する
form-discard = 送信しない
form-time = 送信は 1 回だけです。入力から 10 分後に削除されます。
form-gone-title = 送信するものはありません
form-gone-text = フォームはすでに送信されたか、送信しないことにしたか、10 分が過ぎました。もう一度送信されることはありません。
form-gone-do = はっきりしない場合は、届いているかどうかをアプリケーションで確認してください。
form-other-title = フォームは送信されませんでした
form-other-text = 別の人が入力したものです。削除され、誰にも見られていません。
form-not-sent-title = フォームはまだ送信されていません
form-again-text = ページを開いたあとに、もう一度サインインしています。フォームをもう一度確認してから送信してください。
form-waits-text = アプリケーションに接続できません。フォームは保管されたままです。1 分ほどしてからもう一度お試しください。
form-see = フォームを見る
form-unsure-title = アプリケーションから応答がありませんでした
form-unsure-text = フォームは渡されましたが、正しい応答がありませんでした。もう一度入力する前に、届いているかどうかをアプリケーションで確認してください。2 回送信されることはありません。
form-waiting = 入力したフォームが送信を待っています。
